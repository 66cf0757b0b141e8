//! What a test can make a fake source do.

use std::collections::BTreeMap;

/// How a request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// As a public source does.
    Normal,
    /// With this status and an error document.
    Status(u16),
    /// With this status, an error document and `Retry-After`.
    StatusWithRetryAfter {
        /// The status.
        status: u16,
        /// The value of `Retry-After`.
        seconds: u64,
    },
    /// Well, but late.
    Slow {
        /// How long the head of the answer is held back.
        first_byte_ms: u64,
    },
    /// Well, but in small pieces.
    Drip {
        /// The size of a piece.
        bytes: usize,
        /// The pause before each piece.
        every_ms: u64,
    },
    /// With a `Content-Length` that promises more than comes before the connection is cut.
    CutShort {
        /// The most that comes.
        after_bytes: usize,
    },
    /// Without a `Content-Length`, and the connection is cut before the end.
    NoLengthCut {
        /// The most that comes.
        after_bytes: usize,
    },
    /// With other bytes of the same length.
    WrongBytes,
    /// Whole and well, but with so many bytes less than there should be.
    Shortened {
        /// How many are missing at the end.
        bytes: usize,
    },
    /// Whole and well, but with so many bytes more than there should be.
    Lengthened {
        /// How many are added at the end.
        bytes: usize,
    },
    /// With a body that never ends.
    EndlessBody,
    /// With a head of several megabytes.
    EndlessHeaders,
    /// With a redirect to where the request went.
    RedirectLoop,
    /// With a redirect to this address.
    RedirectTo(String),
    /// With status 200 and a page that asks for a password.
    HtmlLogin,
    /// With this status and a page for people.
    HtmlError(u16),
    /// With a small compressed body that becomes this large.
    GzipBomb {
        /// The size after decompression.
        decoded_bytes: usize,
    },
    /// With the right bytes, said to be `text/plain`.
    WrongContentType,
    /// Well, but not before [`release`](super::FakeSource::release) is called.
    Hold,
    /// In this way, but not before [`release`](super::FakeSource::release) is called.
    HoldThen(Box<Behaviour>),
    /// With status 200 and nothing.
    EmptyBody,
    /// The first request in the first way, the second in the second, and so on; the last way stays.
    Sequence(Vec<Behaviour>),
}

/// Which paths are answered how.
#[derive(Debug, Default)]
pub(super) struct Behaviours {
    exact: BTreeMap<String, Turns>,
    /// In the order of their text, so that of those which match the last one is the longest.
    prefixes: BTreeMap<String, Turns>,
}

#[derive(Debug)]
struct Turns {
    behaviour: Behaviour,
    taken: usize,
}

impl Turns {
    fn next(&mut self) -> Behaviour {
        let Behaviour::Sequence(turns) = &self.behaviour else {
            return self.behaviour.clone();
        };
        let turn = turns.get(self.taken).or(turns.last()).cloned();
        self.taken += 1;
        turn.unwrap_or(Behaviour::Normal)
    }
}

impl Behaviours {
    pub(super) fn set(&mut self, path: &str, behaviour: Behaviour) {
        let turns = Turns {
            behaviour,
            taken: 0,
        };
        match path.strip_suffix('*') {
            Some(prefix) => self.prefixes.insert(prefix.to_owned(), turns),
            None => self.exact.insert(path.to_owned(), turns),
        };
    }

    /// How this request is to be answered. Counts as one turn.
    pub(super) fn next(&mut self, path: &str) -> Behaviour {
        if let Some(turns) = self.exact.get_mut(path) {
            return turns.next();
        }
        let longest = self
            .prefixes
            .iter_mut()
            .rfind(|(prefix, _)| path.starts_with(prefix.as_str()));
        longest.map_or(Behaviour::Normal, |(_, turns)| turns.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_path_goes_before_a_prefix_and_a_long_prefix_before_a_short_one() {
        let mut behaviours = Behaviours::default();
        behaviours.set("*", Behaviour::Status(500));
        behaviours.set("/left*", Behaviour::Status(501));
        behaviours.set("/left-pad", Behaviour::Normal);
        assert_eq!(behaviours.next("/right-pad"), Behaviour::Status(500));
        assert_eq!(behaviours.next("/left-hand"), Behaviour::Status(501));
        assert_eq!(behaviours.next("/left-pad"), Behaviour::Normal);
    }

    #[test]
    fn a_sequence_takes_its_turns_and_stays_with_the_last() {
        let mut behaviours = Behaviours::default();
        behaviours.set(
            "/a",
            Behaviour::Sequence(vec![Behaviour::Status(503), Behaviour::Normal]),
        );
        let turns = [(); 3].map(|()| behaviours.next("/a"));
        assert_eq!(
            turns,
            [Behaviour::Status(503), Behaviour::Normal, Behaviour::Normal]
        );
    }
}
