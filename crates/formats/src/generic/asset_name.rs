//! Names of assets of generic packages (user guide, "Generic packages overview": supported characters).

use model::{AssetName, Constraint};

const PATTERN: &str = r"[\p{L}\p{N} ~!@^&()\-_+\[\]{};,.`]+";

/// Refuses names with other characters, and those that mean a folder where the asset is saved under its name.
pub(super) fn check(name: &AssetName) -> Result<(), Constraint> {
    let text = name.as_str();
    let good = |c: char| c.is_alphanumeric() || " ~!@^&()-_+[]{};,.`".contains(c);
    if text.chars().all(good) && text != "." && text != ".." {
        Ok(())
    } else {
        Err(Constraint::Pattern(PATTERN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p01_p05_p09_names_have_the_documented_characters_only() {
        let check = |text: &str| check(&AssetName::parse(text).unwrap());
        for good in [
            "setup x64.exe",
            "~!@^&()-_+[]{};,.`",
            "übersicht.txt",
            "日本語",
            "٣",
            "...",
            "__proto__",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            ".",
            "..",
            "a/b",
            "../x",
            "a\\b",
            "a#b",
            "a%2Fb",
            "a:b",
            "a*",
            "a?",
            "a\"b",
            "a'b",
            "a|b",
            "a<b>",
            "a=b",
            "a$b",
            "\u{1f600}",
        ] {
            assert_eq!(check(bad), Err(Constraint::Pattern(PATTERN)), "{bad}");
        }
    }
}
