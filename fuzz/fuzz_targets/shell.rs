//! Any script gives commands whose places lie inside of it, the same each time.

#![no_main]

use cofferdam_workflows::shell::{Shell, parse, words_by_line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let script = parse(text, &Shell::Bash);
    assert_eq!(script.understood, script.not_understood.is_empty());
    for range in &script.not_understood {
        assert!(text.get(range.clone()).is_some() || !text.is_char_boundary(range.start));
    }
    for command in &script.commands {
        assert!(text.get(command.range.clone()).is_some(), "{command:?}");
        let (name, args) = command.effective();
        for word in std::iter::once(name).chain(args).chain(&command.heredoc) {
            let place = word.place(0..word.text.len());
            assert!(
                place.start <= place.end && place.end <= text.len(),
                "{word:?}"
            );
        }
    }
    assert_eq!(
        format!("{script:?}"),
        format!("{:?}", parse(text, &Shell::Bash))
    );
    for word in words_by_line(text).into_iter().flatten() {
        assert!(text.get(word.range).is_some());
    }
});
