//! How the address of a public source can be found on this host, as plain data.
//!
//! An ecosystem declares where its own tools keep or carry the address; the server follows the declaration.
//! There is no I/O in this file.

/// One place to look for an address.
#[derive(Debug, Clone, Copy)]
pub enum Discovery {
    /// An environment variable that the ecosystem's tools obey.
    Variable(&'static str),
    /// A program of the ecosystem that tells its own address.
    Command(CommandSource),
    /// A settings file of the ecosystem.
    File {
        /// Where it may lie, best first.
        places: &'static [Place],
        /// Finds the address in its text.
        read: fn(&str) -> Option<String>,
    },
    /// A text inside a zip archive that comes with a program of the ecosystem.
    ArchiveMember {
        /// Where the archive may lie; the file name is a beginning.
        places: &'static [Place],
        /// The member's name.
        member: &'static str,
        /// Finds the address in its text.
        read: fn(&str) -> Option<String>,
    },
    /// An address that is public knowledge, or that a library carries.
    Constant {
        /// The address.
        url: &'static str,
        /// Who says so.
        carried_by: &'static str,
    },
}

/// A program that tells its own address. It runs in an empty folder that is removed afterwards, for a bounded time.
#[derive(Debug, Clone, Copy)]
pub struct CommandSource {
    /// The program, found on `PATH`.
    pub program: &'static str,
    /// Its arguments.
    pub arguments: &'static [&'static str],
    /// Variables to set; `{scratch}` stands for the empty folder.
    pub environment: &'static [(&'static str, &'static str)],
    /// Files to put into the folder first: name and text.
    pub files: &'static [(&'static str, &'static str)],
    /// Files of the host to copy into the folder first, where they exist.
    pub copies: &'static [(Place, &'static str)],
    /// What to call it where the address is shown, if its arguments do not read well.
    pub alias: Option<&'static str>,
    /// Finds the address in what the program wrote, standard output before standard error.
    pub read: fn(&str) -> Option<String>,
}

impl CommandSource {
    /// A program with arguments, and nothing else.
    #[must_use]
    pub const fn new(
        program: &'static str,
        arguments: &'static [&'static str],
        read: fn(&str) -> Option<String>,
    ) -> Self {
        Self {
            program,
            arguments,
            environment: &[],
            files: &[],
            copies: &[],
            alias: None,
            read,
        }
    }
}

/// A path below something that differs between hosts.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// What it is below.
    pub base: Base,
    /// The rest of the path.
    pub path: &'static str,
}

/// What a path is below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The root of the file system.
    Root,
    /// The home folder of the user that runs the server.
    Home,
    /// The folder that a variable names.
    Variable(&'static str),
    /// The folder above the one where a program of this name really lies.
    Installation(&'static str),
}

/// The first line that is an address and nothing else.
#[must_use]
pub fn first_address_line(text: &str) -> Option<String> {
    text.lines()
        .map(str::trim)
        .find(|line| is_address(line))
        .map(str::to_owned)
}

/// Whether a text begins as a web address and has no spaces.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty()) && !text.contains(char::is_whitespace)
}
