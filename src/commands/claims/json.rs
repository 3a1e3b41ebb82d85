//! What became of claims, for programs.

use cofferdam_exposure::claims::schema::SCHEMA_VERSION;
use cofferdam_exposure::claims::{Ruling, Standing};
use cofferdam_findings::formats::{self, TOOL_VERSION};
use serde_json::{Value, json};

use super::{Checked, ways};

pub(super) fn render(checked: &Checked<'_>) -> std::io::Result<String> {
    let judged = checked.judged;
    let before = judged.before.as_ref();
    let edits = before.map_or(&[][..], |before| &before.edits);
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "tool": { "name": "cofferdam", "version": TOOL_VERSION },
        "repository": judged.head.repository,
        "revision": judged.head.revision,
        "settings_known": judged.head.settings,
        "base": before.map(|before| json!({ "name": before.name, "commit": before.commit })),
        "claims": checked.rulings.iter().map(|one| ruling(checked, one)).collect::<Vec<_>>(),
        "edits": edits.iter().map(|edit| json!({
            "path": edit.location.path.to_string(),
            "line": edit.location.line,
            "message": edit.message,
        })).collect::<Vec<_>>(),
        "after_merge": checked.next.iter().map(|(name, word)| json!({
            "name": name,
            "standing": word,
        })).collect::<Vec<_>>(),
        "notes": checked.notes,
        "exit_code": checked.exit().code(),
    });
    let mut page = formats::inert_json::pretty(&document)?;
    page.push('\n');
    Ok(page)
}

fn ruling(checked: &Checked<'_>, ruling: &Ruling<'_>) -> Value {
    let exposure = &checked.judged.head.exposure;
    let file = checked.judged.config.as_ref().map(|config| &config.file);
    let place = file.map(|file| file.locate(ruling.claim.name.span));
    let (standing, refuted, missing) = match &ruling.standing {
        Standing::Holds => ("holds", Vec::new(), Vec::new()),
        Standing::Refuted(all) => {
            let each = all.iter().map(|one| {
                json!({
                    "from": one.row.position.to_string(),
                    "to": one.row.asset.to_string(),
                    "verdict": ways::verdict(&one.row.verdict),
                    "path": ways::path(exposure, &one.row),
                    "cuts": ways::cuts(&one.cuts),
                })
            });
            ("refuted", each.collect(), Vec::new())
        }
        Standing::NotProvable(missing) => {
            let each = missing.iter().map(|one| {
                json!({
                    "what": one.what,
                    "pairs": one.pairs,
                    "settle": one.settle,
                    "example": one.example.as_ref().map(|example| json!({
                        "from": example.from,
                        "to": example.to,
                    })),
                })
            });
            ("not-provable", Vec::new(), each.collect())
        }
    };
    json!({
        "name": ruling.claim.name.value,
        "form": ruling.claim.form.word(),
        "path": place.as_ref().map(|place| place.path.to_string()),
        "line": place.as_ref().map(|place| place.line),
        "standing": standing,
        "examined": {
            "positions": ruling.examined.positions,
            "assets": ruling.examined.assets,
            "pairs": ruling.examined.pairs(),
            "ways": ruling.examined.ways,
        },
        "refuted_by": refuted,
        "missing": missing,
    })
}
