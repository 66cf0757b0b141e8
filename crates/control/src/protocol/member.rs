//! Members of a request: what the API calls them, and where they are on the wire.

/// One member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    /// The name in the API reference, and in messages.
    pub(crate) name: &'static str,
    /// The name on the wire.
    pub(crate) wire: &'static str,
    pub(crate) place: Place,
}

/// Where members are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Query,
    /// In the JSON body.
    Body,
    Header,
    /// The body itself, which is bytes and not JSON.
    Payload,
}

/// A query parameter that is called on the wire what it is called in the API.
pub(crate) const fn query(name: &'static str) -> Member {
    query_as(name, name)
}

/// A query parameter with another name on the wire.
pub(crate) const fn query_as(name: &'static str, wire: &'static str) -> Member {
    Member {
        name,
        wire,
        place: Place::Query,
    }
}

/// A header.
pub(crate) const fn header(name: &'static str, wire: &'static str) -> Member {
    Member {
        name,
        wire,
        place: Place::Header,
    }
}

/// The bytes of the body.
pub(crate) const fn payload(name: &'static str) -> Member {
    Member {
        name,
        wire: name,
        place: Place::Payload,
    }
}

/// A member of the JSON body.
pub(crate) const fn body(name: &'static str) -> Member {
    Member {
        name,
        wire: name,
        place: Place::Body,
    }
}
