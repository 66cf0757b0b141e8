//! Writing Ruby's own serialization (`Marshal`, version 4.8; "Marshal Format" in the documentation of Ruby): as much of it
//! as RubyGems' indexes need. Nothing here reads it: what comes from outside in this form is never looked into.

/// The bytes in front of everything.
const VERSION: [u8; 2] = [4, 8];

/// A value being written, after its version.
#[derive(Debug)]
pub(super) struct Writer {
    out: Vec<u8>,
    /// Symbols by the order in which they came: those that come again are numbers.
    symbols: Vec<String>,
    /// Objects that came, for those that come again.
    objects: usize,
}

/// An object that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Object(usize);

impl Writer {
    pub(super) fn new() -> Self {
        Self {
            out: VERSION.to_vec(),
            symbols: Vec::new(),
            objects: 0,
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }

    pub(super) fn nil(&mut self) {
        self.out.push(b'0');
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.out.push(if value { b'T' } else { b'F' });
    }

    pub(super) fn integer(&mut self, value: i32) {
        self.out.push(b'i');
        self.number(value);
    }

    /// Text in UTF-8.
    pub(super) fn text(&mut self, text: &str) -> Object {
        self.string(text, true)
    }

    /// Text in ASCII, which Ruby tells apart.
    fn ascii(&mut self, text: &str) -> Object {
        self.string(text, false)
    }

    fn string(&mut self, text: &str, is_utf8: bool) -> Object {
        self.out.extend_from_slice(b"I\"");
        self.bytes(text.as_bytes());
        self.number(1);
        self.symbol("E");
        self.boolean(is_utf8);
        self.object()
    }

    /// Text, or nothing.
    pub(super) fn optional_text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => drop(self.text(text)),
            None => self.nil(),
        }
    }

    /// An array; so many values follow.
    pub(super) fn array(&mut self, length: usize) -> Object {
        self.out.push(b'[');
        self.length(length);
        self.object()
    }

    /// A hash; so many keys and values follow, in turns.
    pub(super) fn hash(&mut self, length: usize) -> Object {
        self.out.push(b'{');
        self.length(length);
        self.object()
    }

    pub(super) fn symbol(&mut self, name: &str) {
        if let Some(at) = self.symbols.iter().position(|known| known == name) {
            self.out.push(b';');
            self.length(at);
            return;
        }
        self.symbols.push(name.to_owned());
        self.out.push(b':');
        self.bytes(name.as_bytes());
    }

    /// An object with so many instance variables, which follow: a symbol and a value in turns.
    pub(super) fn instance(&mut self, class: &str, variables: usize) -> Object {
        self.out.push(b'o');
        self.symbol(class);
        self.length(variables);
        self.object()
    }

    /// An object that is made of one other value, which follows.
    pub(super) fn made_of(&mut self, class: &str) -> Object {
        self.out.push(b'U');
        self.symbol(class);
        self.object()
    }

    /// An object that is made of bytes.
    pub(super) fn made_of_bytes(&mut self, class: &str, bytes: &[u8]) -> Object {
        self.out.push(b'u');
        self.symbol(class);
        self.bytes(bytes);
        self.object()
    }

    /// Midnight of a day, in UTC.
    pub(super) fn day(&mut self, (year, month, day): (i16, u8, u8)) -> Object {
        self.out.extend_from_slice(b"Iu");
        self.symbol("Time");
        let year = u32::try_from(i32::from(year) - 1900).unwrap_or(0) & 0xffff;
        let (month, day) = (u32::from(month.saturating_sub(1)), u32::from(day));
        let high: u32 = 1 << 31 | 1 << 30 | year << 14 | month << 10 | day << 5;
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&high.to_le_bytes());
        self.bytes(&bytes);
        self.number(1);
        self.symbol("zone");
        self.ascii("UTC");
        // Unlike others, it is counted after what belongs to it.
        self.object()
    }

    /// An object that came before.
    pub(super) fn again(&mut self, object: Object) {
        self.out.push(b'@');
        self.length(object.0);
    }

    fn object(&mut self) -> Object {
        self.objects += 1;
        Object(self.objects - 1)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.out.extend_from_slice(bytes);
    }

    fn length(&mut self, length: usize) {
        // What is written here is bounded far below: by the largest document of a package, and the number of packages.
        self.number(i32::try_from(length).unwrap_or(i32::MAX));
    }

    /// A number in as few bytes as it needs; the first says how many.
    fn number(&mut self, value: i32) {
        match value {
            0 => self.out.push(0),
            1..=122 => self.out.push(value.cast_unsigned().to_le_bytes()[0] + 5),
            -123..=-1 => self.out.push((value - 5).to_le_bytes()[0]),
            _ => {
                let bytes = value.to_le_bytes();
                let filler = if value < 0 { 0xff } else { 0 };
                let count = bytes
                    .iter()
                    .rposition(|byte| *byte != filler)
                    .map_or(1, |last| last + 1);
                let count_byte = i8::try_from(count).unwrap_or(4);
                let first = if value < 0 { -count_byte } else { count_byte };
                self.out.push(first.to_le_bytes()[0]);
                self.out.extend_from_slice(&bytes[..count]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::new();
        write(&mut writer);
        let bytes = writer.finish();
        assert_eq!(bytes[..2], [4, 8]);
        bytes[2..].to_vec()
    }

    #[test]
    fn numbers_take_as_few_bytes_as_ruby_gives_them() {
        for (value, expected) in [
            (0, &b"i\x00"[..]),
            (1, b"i\x06"),
            (-1, b"i\xfa"),
            (122, b"i\x7f"),
            (123, b"i\x01\x7b"),
            (-123, b"i\x80"),
            (-124, b"i\xff\x84"),
            (255, b"i\x01\xff"),
            (256, b"i\x02\x00\x01"),
            (-256, b"i\xff\x00"),
            (-257, b"i\xfe\xff\xfe"),
            (65_536, b"i\x03\x00\x00\x01"),
            (1_073_741_823, b"i\x04\xff\xff\xff\x3f"),
        ] {
            assert_eq!(written(|w| w.integer(value)), expected, "{value}");
        }
    }

    #[test]
    fn symbols_and_objects_that_come_again_are_numbers() {
        let bytes = written(|w| {
            w.array(4);
            let first = w.text("a");
            w.symbol("b");
            w.symbol("b");
            w.again(first);
        });
        assert_eq!(bytes, b"[\x09I\"\x06a\x06:\x06ET:\x06b;\x06@\x06");
    }

    #[test]
    fn f_rb_2_times_objects_and_hashes_are_written_as_ruby_writes_them() {
        assert_eq!(
            written(|w| {
                w.day((1970, 1, 1));
            }),
            b"Iu:\x09Time\x0d\x20\x80\x11\xc0\x00\x00\x00\x00\x06:\x09zoneI\"\x08UTC\x06:\x06EF"
        );
        let version = written(|w| {
            w.made_of("Gem::Version");
            w.array(1);
            w.text("1.0");
        });
        assert_eq!(version, b"U:\x11Gem::Version[\x06I\"\x081.0\x06:\x06ET");
        let hash = written(|w| {
            w.hash(1);
            w.symbol("name");
            w.nil();
        });
        assert_eq!(hash, b"{\x06:\x09name0");
        let object = written(|w| {
            w.instance("A", 1);
            w.symbol("@b");
            w.boolean(true);
        });
        assert_eq!(object, b"o:\x06A\x06:\x07@bT");
        assert_eq!(
            written(|w| {
                w.made_of_bytes("A", b"xy");
            }),
            b"u:\x06A\x07xy"
        );
    }
}
