//! Answers as the AWS command line prints them.

use serde_json::Value;

/// JSON with four spaces.
pub(super) fn json(answer: &Value) -> String {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    let written = serde::Serialize::serialize(answer, &mut serializer);
    written.expect("a value always has a JSON form");
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("JSON is text")
}

/// Lines: the name of each structure, and its values in the order of their names, with tabs between.
pub(super) fn text(answer: &Value) -> String {
    let mut lines = String::new();
    match answer {
        Value::Object(members) => {
            let (plain, deep): (Vec<_>, Vec<_>) =
                members.iter().partition(|(_, value)| is_plain(value));
            if !plain.is_empty() {
                line(&mut lines, None, plain);
            }
            for (name, value) in deep {
                write(&mut lines, name, value);
            }
        }
        other => write(&mut lines, "", other),
    }
    lines
}

fn is_plain(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

fn write(lines: &mut String, name: &str, value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| write(lines, name, item)),
        Value::Object(members) => {
            let (plain, deep): (Vec<_>, Vec<_>) =
                members.iter().partition(|(_, value)| is_plain(value));
            line(lines, Some(name), plain);
            for (name, value) in deep {
                write(lines, name, value);
            }
        }
        plain => {
            line(lines, Some(name), vec![(&String::new(), plain)]);
        }
    }
}

fn line(lines: &mut String, name: Option<&str>, mut members: Vec<(&String, &Value)>) {
    members.sort_by_key(|(name, _)| *name);
    let values = members.into_iter().map(|(_, value)| match value {
        Value::String(text) => text.replace(['\t', '\n', '\r'], " "),
        Value::Null => "None".into(),
        other => other.to_string(),
    });
    let words: Vec<String> = name
        .map(str::to_uppercase)
        .into_iter()
        .chain(values)
        .collect();
    lines.push_str(&words.join("\t"));
    lines.push('\n');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn structures_become_lines_of_words() {
        let answer = json!({ "Users": [
            { "UserName": "jane", "Arn": "arn", "Tags": [{ "Key": "a", "Value": "b\tc" }] },
            { "UserName": "joe", "Arn": "arn2" },
        ], "IsTruncated": false });
        assert_eq!(
            text(&answer),
            "false\nUSERS\tarn\tjane\nTAGS\ta\tb c\nUSERS\tarn2\tjoe\n"
        );
        let names = json!({ "PolicyNames": ["a", "b"] });
        assert_eq!(text(&names), "POLICYNAMES\ta\nPOLICYNAMES\tb\n");
    }

    #[test]
    fn json_has_four_spaces_and_a_line_end() {
        assert_eq!(
            json(&json!({ "a": [1] })),
            "{\n    \"a\": [\n        1\n    ]\n}\n"
        );
    }
}
