use super::*;
use crate::sample;
use crate::sanitise::is_unsafe;

#[test]
fn names_are_unique_and_lead_back() {
    for format in FORMATS {
        assert_eq!(FORMATS.iter().filter(|f| f.name == format.name).count(), 1);
        assert_eq!(Format::from_name(format.name).unwrap().about, format.about);
    }
    assert!(Format::from_name("xml").is_none());
}

#[test]
fn every_format_is_inert_and_the_same_each_time() {
    for format in FORMATS {
        for (all, several) in [(false, false), (true, false), (false, true), (true, true)] {
            let options = Options {
                all,
                several,
                ..Options::default()
            };
            let reports = [sample::rich(), sample::unread(), sample::changed()];
            let reports = if several {
                reports.as_slice()
            } else {
                reports.get(2..).unwrap()
            };
            let text = format.render(reports, &options);
            assert!(
                !text.chars().any(|c| c != '\n' && is_unsafe(c)),
                "{}",
                format.name
            );
            assert!(!text.contains("##["), "{}", format.name);
            assert!(text.ends_with('\n'), "{}", format.name);
            if format.name != "github" {
                assert!(
                    !text.lines().any(|l| l.trim_start().starts_with("::")),
                    "{}",
                    format.name
                );
            }
            assert_eq!(text, format.render(reports, &options));
        }
    }
}

#[test]
fn what_is_silenced_is_counted_in_every_format() {
    let options = Options {
        all: true,
        ..Options::default()
    };
    for format in FORMATS {
        let text = format.render(&[sample::changed()], &options);
        let told = match format.name {
            "json" => text.contains("\"ignore comment\":1,\"rule off\":1"),
            "sarif" => text.matches("\"suppressions\":[").count() == 6,
            _ => text.contains("6 findings are silenced"),
        };
        assert!(told, "{}", format.name);
        let several = Options {
            several: true,
            ..Options::default()
        };
        let text = format.render(&[sample::changed(), sample::clean()], &several);
        assert!(
            text.contains("silenced") || text.contains("suppress"),
            "{}",
            format.name
        );
    }
}

#[test]
fn writing_report_by_report_is_writing_all_at_once() {
    let reports = [sample::rich(), sample::clean(), sample::unread()];
    let options = Options {
        several: true,
        ..Options::default()
    };
    for format in FORMATS {
        let mut render = format.open(&options);
        let mut bytes = Vec::new();
        render.start(&mut bytes).unwrap();
        for report in &reports {
            render.report(report, &mut bytes).unwrap();
        }
        render.end(&mut bytes).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            format.render(&reports, &options)
        );
    }
}

#[test]
fn every_requirement_stands_in_every_format_that_shows_standards() {
    let reports = [sample::rich(), sample::changed()];
    for format in FORMATS.iter().filter(|f| f.shows_standards) {
        for &standard in Standard::OF_PROJECTS {
            for (all, report) in [false, true].into_iter().zip(&reports) {
                let options = Options {
                    all,
                    width: 60,
                    against: Some(standard),
                    ..Options::default()
                };
                let text = format.render(std::slice::from_ref(report), &options);
                for requirement in standard.requirements() {
                    assert!(
                        text.contains(requirement.id()),
                        "{} {}",
                        format.name,
                        requirement.id()
                    );
                }
                assert!(!text.chars().any(|c| c != '\n' && is_unsafe(c)));
                assert!(!text.contains("##["), "{}", format.name);
                assert!(!text.contains("This page is cut"), "{}", format.name);
            }
        }
    }
}

#[test]
fn a_standard_for_several_repositories_keeps_them_apart() {
    let options = Options {
        several: true,
        against: Some(Standard::Slsa),
        ..Options::default()
    };
    for format in FORMATS.iter().filter(|f| f.shows_standards) {
        let text = format.render(&[sample::rich(), sample::clean()], &options);
        assert_eq!(
            text.matches("two-party-review").count(),
            2,
            "{}",
            format.name
        );
    }
}
