//! Which commit is which release, of the actions whose version decides what is
//! lost: a comment behind a commit says what somebody claims, and the commit
//! what runs.
//!
//! Source: the tags of `actions/checkout` and `actions/upload-artifact`, read on
//! 2026-07-20.

/// Major, minor and patch.
pub type Exact = (u32, u32, u32);

/// A commit and the release that it is.
type Release = (&'static str, Exact);

/// The release of an action that a commit is, if it is known.
#[must_use]
pub fn of_commit(action: &str, commit: &str) -> Option<Exact> {
    let releases = of_action(action).iter();
    let found = releases.filter(|(id, _)| id.eq_ignore_ascii_case(commit));
    found.map(|(_, version)| *version).next_back()
}

/// A version that is written out, as `v4.2.2`.
#[must_use]
pub fn exact(text: &str) -> Option<Exact> {
    let mut parts = text.strip_prefix('v').unwrap_or(text).splitn(3, '.');
    let mut next = || parts.next()?.parse().ok();
    Some((next()?, next()?, next()?))
}

/// Whether a commit cannot be the release that is claimed of it: that one is
/// another commit.
#[must_use]
pub fn refutes(action: &str, commit: &str, claimed: Exact) -> bool {
    let mut named = (of_action(action).iter())
        .filter(|(_, version)| *version == claimed)
        .peekable();
    named.peek().is_some() && !named.any(|(id, _)| id.eq_ignore_ascii_case(commit))
}

fn of_action(action: &str) -> &'static [Release] {
    match action {
        "actions/checkout" => CHECKOUT,
        "actions/upload-artifact" => UPLOAD_ARTIFACT,
        _ => &[],
    }
}

// Oldest first.
#[rustfmt::skip]
const CHECKOUT: &[Release] = &[
    ("af513c7a016048ae468971c52ed77d9562c7c819", (1, 0, 0)),
    ("0b496e91ec7ae4428c3ed2eeb4c3a40df431f2cc", (1, 1, 0)),
    ("50fbc622fc4ef5163becd7fab6573eac35f8462e", (1, 2, 0)),
    ("722adc63f1aa60a57ec37892e133b1d319cae598", (2, 0, 0)),
    ("01aecccf739ca6ff86c0539fbc67a7a5007bbc81", (2, 1, 0)),
    ("86f86b36ef15e6570752e7175f451a512eac206b", (2, 1, 1)),
    ("aabbfeb2ce60b5bd82389903509092c4648a9713", (2, 2, 0)),
    ("b4483adec309c0d01a5435c5e24eb40de5773ad9", (2, 3, 0)),
    ("28c7f3d2b5162b5ddd3dfd9a45aa55eaf396478b", (2, 3, 1)),
    ("2036a08e25fa78bbd946711a407b529a0a1204bf", (2, 3, 2)),
    ("a81bbbf8298c0fa03ea29cdc473d45769f953675", (2, 3, 3)),
    ("5a4ac9002d0be2fb38bd78e4b4dbde5606d7042f", (2, 3, 4)),
    ("1e204e9a9253d643386038d443f96446fa156a97", (2, 3, 5)),
    ("ec3a7ce113134d7a93b817d10a8272cb61118579", (2, 4, 0)),
    ("f25a3a9f25bd5f4c5d77189cab02ff357b5aedeb", (2, 4, 1)),
    ("7884fcad6b5d53d10323aee724dc68d8b9096a2e", (2, 4, 2)),
    ("e2f20e631ae6d7dd3b768f56a5d2af784dd54791", (2, 5, 0)),
    ("dc323e67f16fb5f7663d20ff7941f27f5809e9b6", (2, 6, 0)),
    ("ee0669bd1cc54295c223e0bb666b733df41de1c5", (2, 7, 0)),
    ("0717577d45739eb3c851188b29f50ed6c0b2194e", (2, 8, 0)),
    ("a12a3943b4bdde767164f792f33f40b04645d846", (3, 0, 0)),
    ("dcd71f646680f2efd8db4afa5ad64fdcba30e748", (3, 0, 1)),
    ("2541b1294d2704b0964813337f33b291d3f8596b", (3, 0, 2)),
    ("93ea575cb5d8a053eaa0ac8fa3b40d7e05a33cc8", (3, 1, 0)),
    ("755da8c3cf115ac066823e79a1e1788f8940201b", (3, 2, 0)),
    ("ac593985615ec2ede58e132d2e21d2b1cbd6127c", (3, 3, 0)),
    ("24cb9080177205b6e8c946b17badbe402adc938f", (3, 4, 0)),
    ("8f4b7f84864484a7bf31766abe9204da3cbe65b3", (3, 5, 0)),
    ("83b7061638ee4956cf7545a6f7efe594e5ad0247", (3, 5, 1)),
    ("8e5e7e5ab8b370d6c329ec480221332ada57f0ab", (3, 5, 2)),
    ("c85c95e3d7251135ab7dc9ce3241c5835cc595a9", (3, 5, 3)),
    ("f43a0e5ff2bd294095638e18286ca9a3d1956744", (3, 6, 0)),
    ("a37ce9120846195fa4ece8f58b268e6043cb2f26", (3, 7, 0)),
    ("1e31de5234b9f8995739874a8ce0492dc87873e2", (4, 0, 0)),
    ("8ade135a41bc03ea155e62e844d188df1ea18608", (4, 1, 0)),
    ("b4ffde65f46336ab88eb53be808477a3936bae11", (4, 1, 1)),
    ("9bb56186c3b09b4f86b1c65136769dd318469633", (4, 1, 2)),
    ("1d96c772d19495a3b5c517cd2bc0cb401ea0529f", (4, 1, 3)),
    ("0ad4b8fadaa221de15dcec353f45205ec38ea70b", (4, 1, 4)),
    ("44c2b7a8a4ea60a981eaca3cf939b5f4305c123b", (4, 1, 5)),
    ("a5ac7e51b41094c92402da3b24376905380afc29", (4, 1, 6)),
    ("692973e3d937129bcbf40652eb9f2f61becf3332", (4, 1, 7)),
    ("d632683dd7b4114ad314bca15554477dd762a938", (4, 2, 0)),
    ("eef61447b9ff4aafe5dcd4e0bbf5d482be7e7871", (4, 2, 1)),
    ("11bd71901bbe5b1630ceea73d27597364c9af683", (4, 2, 2)),
    ("08eba0b27e820071cde6df949e0beb9ba4906955", (4, 3, 0)),
    ("34e114876b0b11c390a56381ad16ebd13914f8d5", (4, 3, 1)),
    ("11d5960a326750d5838078e36cf38b85af677262", (4, 4, 0)),
    ("08c6903cd8c0fde910a37f88322edcfb5dd907a8", (5, 0, 0)),
    ("93cb6efe18208431cddfb8368fd83d5badbf9bfd", (5, 0, 1)),
    ("fbc6f3992d24b796d5a048ff273f7fcc4a7b6c09", (5, 1, 0)),
    ("1af3b93b6815bc44a9784bd300feb67ff0d1eeb3", (6, 0, 0)),
    ("8e8c483db84b4bee98b60c0593521ed34d9990e8", (6, 0, 1)),
    ("de0fac2e4500dabe0009e67214ff5f5447ce83dd", (6, 0, 2)),
    ("df4cb1c069e1874edd31b4311f1884172cec0e10", (6, 0, 3)),
    ("d23441a48e516b6c34aea4fa41551a30e30af803", (6, 1, 0)),
    ("9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0", (7, 0, 0)),
    ("3d3c42e5aac5ba805825da76410c181273ba90b1", (7, 0, 1)),
];

#[rustfmt::skip]
const UPLOAD_ARTIFACT: &[Release] = &[
    ("3446296876d12d4e3a0f3145a3c87e67bf0a16b5", (1, 0, 0)),
    ("97b7dace6c8d860ce9708aba808be6a2ee4cbc3a", (2, 0, 1)),
    ("ebad382c0953e8c6b4039e8d30dfd19ee7b2a862", (2, 1, 0)),
    ("5f948bc1f0a251f88bb4c9b1c3dfa6cbd1327dc5", (2, 1, 1)),
    ("c8879bf5aef7bef66f9b82b197f34c4eeeb1731b", (2, 1, 2)),
    ("268d7547644ab8a9d0c1163299e59a1f5d93f39b", (2, 1, 3)),
    ("58740802ef971a2d71eff71e63d48ab68d1f5507", (2, 1, 4)),
    ("27bce4eee761b5bc643f46a8dfb41b430c8d05f6", (2, 2, 0)),
    ("726a6dcd0199f578459862705eed35cda05af50b", (2, 2, 1)),
    ("e448a9b857ee2131e752b06002bf0e093c65e571", (2, 2, 2)),
    ("ee69f02b3dfdecd58bb31b4d133da38ba6fe3700", (2, 2, 3)),
    ("27121b0bdffd731efa15d66772be8dc71245d074", (2, 2, 4)),
    ("da838ae9595ac94171fa2d4de5a2f117b3e7ac32", (2, 3, 0)),
    ("82c141cc518b40d92cc801eee768e7aafc9c2fa2", (2, 3, 1)),
    ("6673cd052c4cd6fcf4b4e6e60ea986c889389535", (3, 0, 0)),
    ("3cea5372237819ed00197afe530f5a7ea3e805c8", (3, 1, 0)),
    ("83fd05a356d7e2593de66fc9913b3002723633cb", (3, 1, 1)),
    ("0b7f8abb1508181956e8e162db84b466c27e18ce", (3, 1, 2)),
    ("a8a3f3ad30e3422c9c7b888a15615d19a852ae32", (3, 1, 3)),
    ("9ee08a3b00e91a926cc9547dc79589c20872452f", (3, 2, 0)),
    ("ff15f0306b3f739f7b6fd43fb5d26cd321bd4de5", (3, 2, 1)),
    ("c7d193f32edcb7bfad88892161225aeda64e9392", (4, 0, 0)),
    ("1eb3cb2b3e0f29609092a73eb033bb759a334595", (4, 1, 0)),
    ("694cdabd8bdb0f10b2cea11669e1bf5453eed0a6", (4, 2, 0)),
    ("26f96dfa697d77e81fd5907df203aa23a56210a8", (4, 3, 0)),
    ("5d5d22a31266ced268874388b861e4b58bb5c2f3", (4, 3, 1)),
    ("1746f4ab65b179e0ea60a494b83293b640dd5bba", (4, 3, 2)),
    ("65462800fd760344b1a7b4382951275a0abb4808", (4, 3, 3)),
    ("0b2256b8c012f0828dc542b3febcab082c67f72b", (4, 3, 4)),
    ("89ef406dd8d7e03cfd12d9e0a4a378f454709029", (4, 3, 5)),
    ("834a144ee995460fba8ed112a2fc961b36a5ec5a", (4, 3, 6)),
    ("50769540e7f4bd5e21e526ee35c689e35e0d6874", (4, 4, 0)),
    ("604373da6381bf24206979c74d06a550515601b9", (4, 4, 1)),
    ("84480863f228bb9747b473957fcc9e309aa96097", (4, 4, 2)),
    ("b4b15b8c7c6ac21ea08fcf65892d2ee8f75cf882", (4, 4, 3)),
    ("6f51ac03b9356f520e9adb1b1b7802705f340c2b", (4, 5, 0)),
    ("65c4c4a1ddee5b72f698fdd19549f0f0fb45cf08", (4, 6, 0)),
    ("4cec3d8aa04e39d1a68397de0c4cd6fb9dce8ec1", (4, 6, 1)),
    ("ea165f8d65b6e75b540449e92b4886f43607fa02", (4, 6, 2)),
    ("330a01c490aca151604b8cf639adc76d48f6c5d4", (5, 0, 0)),
    ("b7c566a772e6b6bfb58ed0dc250532a479d7789f", (6, 0, 0)),
    ("bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", (7, 0, 0)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_a_release_whatever_is_claimed() {
        let old = "11bd71901bbe5b1630ceea73d27597364c9af683";
        assert_eq!(of_commit("actions/checkout", old), Some((4, 2, 2)));
        assert!(refutes("actions/checkout", old, (7, 0, 1)));
        assert!(!refutes("actions/checkout", old, (4, 2, 2)));
        // A release that is newer than the table may be any commit.
        assert!(!refutes("actions/checkout", old, (9, 0, 0)));
        assert!(!refutes("actions/cache", old, (4, 0, 0)));
    }

    #[test]
    fn the_tables_are_in_order() {
        for table in [CHECKOUT, UPLOAD_ARTIFACT] {
            assert!(table.is_sorted_by_key(|(_, version)| *version));
            assert!(table.iter().all(|(id, _)| id.len() == 40));
        }
    }
}
