//! Makefiles of the checkout whose recipes come upon nothing.
//!
//! Source: the GNU make manual, "Recipe Syntax", "Including Other Makefiles",
//! "The shell Function".

use cofferdam_workflows::semantics::harmless::is_harmless;
use cofferdam_workflows::shell::{self, Command, Shell};

/// Longer ones are not read.
const LONGEST: usize = 64 * 1024;

/// Whether no recipe of a makefile runs what may lie elsewhere, whichever target
/// is asked for.
pub(super) fn are_harmless(makefile: &str) -> bool {
    if makefile.len() > LONGEST {
        return false;
    }
    let reads_others = makefile.lines().any(|line| {
        let line = line.trim_start_matches('-').trim_start();
        let first = line.split_whitespace().next().unwrap_or("");
        matches!(first, "include" | "sinclude" | "load" | "VPATH" | "vpath") || line.contains("!=")
    });
    // What the recipes run in, and what they find by a name.
    let around = ["SHELL", "PATH", "export"];
    if around.iter().any(|word| makefile.contains(word)) {
        return false;
    }
    let calls = [
        "$(shell", "${shell", "$(eval", "${eval", "$(file", "$(guile", "::",
    ];
    if reads_others || calls.iter().any(|call| makefile.contains(call)) {
        return false;
    }
    let recipes: Vec<&str> = makefile
        .lines()
        .filter_map(|line| line.strip_prefix('\t'))
        .map(|line| line.trim_start_matches(['@', '-', '+', ' ']))
        .collect();
    let script = shell::parse(&recipes.join("\n"), &Shell::Sh);
    script.understood && script.commands.iter().all(harmless)
}

fn harmless(command: &Command) -> bool {
    let (name, args) = command.effective();
    let words: Vec<String> = args.iter().map(|word| word.text.clone()).collect();
    // What make puts in is not known.
    name.is_static && !name.text.contains('/') && is_harmless(&name.text, &words)
}

#[cfg(test)]
mod tests {
    use super::are_harmless;

    #[test]
    fn one_recipe_that_may_come_upon_something_is_enough() {
        assert!(are_harmless(
            "test:\n\t@echo tested\n\ncount: test\n\twc -l x\n"
        ));
        for makefile in [
            "test:\n\tnpm test\n",
            "test:\n\t$(MAKE) -C pr\n",
            "include pr/x.mk\ntest:\n\techo x\n",
            "X := $(shell ./x)\n",
            "test:\n\t./x.sh\n",
        ] {
            assert!(!are_harmless(makefile), "{makefile}");
        }
    }
}
