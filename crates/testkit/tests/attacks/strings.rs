//! What is thrown at every place that takes a name or a path.

/// Texts as they stand: some are encoded already, some can stand in a request only when encoded.
pub(crate) fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "..",
        "../x",
        "..%2fx",
        "..%252fx",
        "%2e%2e%2fx",
        "%2e%2e%5cx",
        "%2E%2e%2Fx",
        ".%2e/x",
        "%252e%252e%252fx",
        "....//x",
        "..\\/x",
        "..;/x",
        ";/../x",
        "x;y=z/..",
        "%2F%2F..%2Fx",
        "//x",
        "/%2F/x",
        "x//y",
        "x/",
        "x%00y",
        "x%0d%0aSet-Cookie:a=b",
        "x%23y",
        "x%3fy",
        "x%20y",
        "x+y",
        "x%2by",
        "x%25y",
        "%zz",
        "%",
        "%2",
        "%c0%ae%c0%ae/",
        "\u{ff0e}\u{ff0e}/x",
        ".",
        " ",
        "",
        "CON",
        "NUL",
        "x.",
        "x ",
        "__proto__",
        "constructor",
        "toString",
        "hasOwnProperty",
        "_",
        "*",
        "?",
        "-",
        "'\";--",
        "<svg onload=1>",
        "javascript:1",
        "${7*7}",
        "#{7*7}",
        "{{7*7}}",
        "=1+1",
        "`id`",
        "$(id)",
        "a\u{202e}b",
        "a\u{200b}b",
        "\u{212a}",
        "\u{130}",
        "e\u{301}",
        "x\0y",
        "x\r\ny: z",
        "x\ty",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.extend([215, 256, 4097].map(|length| "x".repeat(length)));
    texts
}

/// Texts that are longer than anything is.
pub(crate) fn endless() -> [String; 2] {
    ["x".repeat(70_000), "x/".repeat(1000)]
}

/// Bytes that are no text, raw and encoded.
pub(crate) const NO_TEXT: [&[u8]; 3] = [b"\xff\xfe", b"%ff%fe", b"x\x01y"];
