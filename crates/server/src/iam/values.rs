//! Values of arguments that are more than a word: documents and tags, as the AWS command line takes them.

use std::str::FromStr;

/// A text, or `file://PATH` for the text in a file.
#[derive(Debug, Clone)]
pub struct Document(String);

impl FromStr for Document {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("file://") {
            None => Ok(Self(text.to_owned())),
            Some(path) => std::fs::read_to_string(path)
                .map(Self)
                .map_err(|error| format!("{path} cannot be read: {error}")),
        }
    }
}

impl Document {
    /// The text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

/// `Key=team,Value=a`, or a JSON list of such.
#[derive(Debug, Clone)]
pub struct TagList(Vec<(String, String)>);

impl FromStr for TagList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let usage = || format!("'{text}' is not a tag; write Key=team,Value=a");
        if text.trim_start().starts_with('[') {
            let items: Vec<serde_json::Map<String, serde_json::Value>> =
                serde_json::from_str(text).map_err(|_| usage())?;
            let read = |item: serde_json::Map<String, serde_json::Value>| {
                let member = |name: &str| item.get(name)?.as_str().map(str::to_owned);
                Some((member("Key")?, member("Value")?))
            };
            let tags: Option<Vec<_>> = items.into_iter().map(read).collect();
            return tags.map(Self).ok_or_else(usage);
        }
        let rest = text.strip_prefix("Key=").ok_or_else(usage)?;
        let (key, value) = match rest.split_once(",Value=") {
            Some(pair) => pair,
            None if rest.contains(',') => return Err(usage()),
            None => (rest, ""),
        };
        Ok(Self(vec![(key.to_owned(), value.to_owned())]))
    }
}

impl TagList {
    /// All tags of several arguments.
    #[must_use]
    pub fn join(lists: Vec<Self>) -> Vec<(String, String)> {
        lists.into_iter().flat_map(|list| list.0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_written_as_pairs_or_as_json() {
        let read = |text: &str| text.parse::<TagList>().map(|list| list.0);
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            read("Key=team,Value=a=b,c").unwrap(),
            [pair("team", "a=b,c")]
        );
        assert_eq!(read("Key=team").unwrap(), [pair("team", "")]);
        let json = r#"[{"Key":"a","Value":"1"},{"Key":"b","Value":""}]"#;
        assert_eq!(read(json).unwrap(), [pair("a", "1"), pair("b", "")]);
        for bad in ["team=a", "", "Key=a,Valu=b", "[", r#"[{"Key":"a"}]"#, "[1]"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_document_is_a_text_or_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.json");
        std::fs::write(&path, "{}\n").unwrap();
        let read = |text: &str| text.parse::<Document>().map(Document::into_text);
        assert_eq!(read(r#"{"a":1}"#).unwrap(), r#"{"a":1}"#);
        assert_eq!(read(&format!("file://{}", path.display())).unwrap(), "{}\n");
        let missing = read("file://missing.json").unwrap_err();
        assert!(missing.contains("missing.json"), "{missing}");
    }
}
