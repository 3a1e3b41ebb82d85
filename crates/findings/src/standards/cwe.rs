//! The kinds of weakness of the Common Weakness Enumeration that rules find.
//!
//! Source: <https://cwe.mitre.org/data/definitions/NUMBER.html>. Titles are
//! shortened; of a chain of weaknesses a rule names the one that it finds, not
//! what an attacker gains by it.

use super::Decided::Weakness;
use super::{Entry, requirements};

requirements! {
    /// A kind of weakness.
    pub enum Cwe {
        Cwe74 = "CWE-74", "", "Injection into another component", Weakness;
        Cwe77 = "CWE-77", "", "Command injection", Weakness;
        Cwe78 = "CWE-78", "", "Operating system command injection", Weakness;
        Cwe88 = "CWE-88", "", "Argument injection", Weakness;
        Cwe94 = "CWE-94", "", "Code injection", Weakness;
        Cwe116 = "CWE-116", "", "Improper encoding or escaping of output", Weakness;
        Cwe187 = "CWE-187", "", "Partial string comparison", Weakness;
        Cwe200 = "CWE-200", "", "Exposure of sensitive information", Weakness;
        Cwe250 = "CWE-250", "", "Execution with unnecessary privileges", Weakness;
        Cwe269 = "CWE-269", "", "Improper privilege management", Weakness;
        Cwe276 = "CWE-276", "", "Incorrect default permissions", Weakness;
        Cwe284 = "CWE-284", "", "Improper access control", Weakness;
        Cwe290 = "CWE-290", "", "Authentication bypass by spoofing", Weakness;
        Cwe324 = "CWE-324", "", "Use of a key past its expiration date", Weakness;
        Cwe345 = "CWE-345", "", "Insufficient verification of data authenticity", Weakness;
        Cwe347 = "CWE-347", "", "Improper verification of a cryptographic signature", Weakness;
        Cwe349 = "CWE-349", "", "Untrusted data accepted along with trusted data", Weakness;
        Cwe353 = "CWE-353", "", "Missing support for an integrity check", Weakness;
        Cwe362 = "CWE-362", "", "Race condition", Weakness;
        Cwe367 = "CWE-367", "", "Time-of-check time-of-use race condition", Weakness;
        Cwe400 = "CWE-400", "", "Uncontrolled resource consumption", Weakness;
        Cwe426 = "CWE-426", "", "Untrusted search path", Weakness;
        Cwe427 = "CWE-427", "", "Uncontrolled search path element", Weakness;
        Cwe441 = "CWE-441", "", "Unintended proxy or intermediary (confused deputy)", Weakness;
        Cwe451 = "CWE-451", "", "Misrepresentation of critical information", Weakness;
        Cwe454 = "CWE-454", "", "External initialisation of trusted variables", Weakness;
        Cwe477 = "CWE-477", "", "Use of an obsolete function", Weakness;
        Cwe494 = "CWE-494", "", "Download of code without an integrity check", Weakness;
        Cwe506 = "CWE-506", "", "Embedded malicious code", Weakness;
        Cwe522 = "CWE-522", "", "Insufficiently protected credentials", Weakness;
        Cwe532 = "CWE-532", "", "Sensitive information in a log", Weakness;
        Cwe571 = "CWE-571", "", "Expression is always true", Weakness;
        Cwe625 = "CWE-625", "", "Permissive regular expression", Weakness;
        Cwe668 = "CWE-668", "", "Exposure of a resource to the wrong sphere", Weakness;
        Cwe670 = "CWE-670", "", "Always-incorrect control flow", Weakness;
        Cwe693 = "CWE-693", "", "Protection mechanism failure", Weakness;
        Cwe778 = "CWE-778", "", "Insufficient logging", Weakness;
        Cwe798 = "CWE-798", "", "Hard-coded credentials", Weakness;
        Cwe829 = "CWE-829", "", "Functionality from an untrusted control sphere", Weakness;
        Cwe862 = "CWE-862", "", "Missing authorisation", Weakness;
        Cwe863 = "CWE-863", "", "Incorrect authorisation", Weakness;
        Cwe912 = "CWE-912", "", "Hidden functionality", Weakness;
        Cwe923 = "CWE-923", "", "Improper restriction of a communication channel", Weakness;
        Cwe1059 = "CWE-1059", "", "Insufficient technical documentation", Weakness;
        Cwe1104 = "CWE-1104", "", "Use of unmaintained third-party components", Weakness;
        Cwe1357 = "CWE-1357", "", "Reliance on an insufficiently trustworthy component", Weakness;
        Cwe1395 = "CWE-1395", "", "Dependency on a vulnerable third-party component", Weakness;
    }
}

impl Cwe {
    /// Its number, as in 94 of `CWE-94`.
    #[must_use]
    pub fn number(self) -> &'static str {
        let id = self.entry().id;
        id.strip_prefix("CWE-").unwrap_or(id)
    }
}
