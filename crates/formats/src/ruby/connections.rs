//! Where Ruby's public source is: the first of `gem sources`, else the address of the public gem host.

use catalog::{CommandSource, Discovery, PublicConnection, first_address_line};

pub(super) const PUBLIC: &[PublicConnection] = &[PublicConnection {
    name: "public:ruby-gems-org",
    store_repository: "rubygems-store",
    discovery: &[
        Discovery::Command(CommandSource::new(
            "gem",
            &["sources", "--list"],
            first_address_line,
        )),
        Discovery::Constant {
            url: "https://rubygems.org/",
            carried_by: "the guides of RubyGems",
        },
    ],
    remedy: "install gem",
}];
