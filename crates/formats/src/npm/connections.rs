//! Where npm's public source is: what npm, pnpm or Yarn on this host are set to use.
//! See the `registry` setting of `npm config`.

use catalog::{CommandSource, Discovery, PublicConnection, first_address_line};

const QUIET: &[(&str, &str)] = &[
    ("NPM_CONFIG_UPDATE_NOTIFIER", "false"),
    ("NPM_CONFIG_LOGS_MAX", "0"),
];
const ASK: &[&str] = &["config", "get", "registry"];

pub(super) const PUBLIC: &[PublicConnection] = &[PublicConnection {
    name: "public:npmjs",
    store_repository: "npm-store",
    discovery: &[
        Discovery::Command(CommandSource {
            environment: QUIET,
            ..CommandSource::new("npm", ASK, first_address_line)
        }),
        Discovery::Command(CommandSource {
            environment: QUIET,
            ..CommandSource::new("pnpm", ASK, first_address_line)
        }),
        Discovery::Command(CommandSource {
            environment: QUIET,
            ..CommandSource::new("yarn", ASK, first_address_line)
        }),
    ],
    remedy: "install npm",
}];
