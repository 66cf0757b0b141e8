//! Where the NuGet gallery is: the source of that name in NuGet.Config, else its published service index.
//! See "nuget.config reference", element `packageSources`.

use catalog::{Base, Discovery, Place, PublicConnection, is_address};

pub(super) const PUBLIC: &[PublicConnection] = &[PublicConnection {
    name: "public:nuget-org",
    store_repository: "nuget-store",
    discovery: &[
        Discovery::File {
            places: &[
                Place {
                    base: Base::Home,
                    path: ".nuget/NuGet/NuGet.Config",
                },
                Place {
                    base: Base::Home,
                    path: ".config/NuGet/NuGet.Config",
                },
            ],
            read: read_settings,
        },
        Discovery::Constant {
            url: "https://api.nuget.org/v3/index.json",
            carried_by: "the documentation of the NuGet gallery",
        },
    ],
    remedy: "install dotnet",
}];

/// `<add key="nuget.org" value="..." />`; a value that is a folder, or a version 2 feed, is not for us.
fn read_settings(text: &str) -> Option<String> {
    let sources = text
        .split_once("<packageSources>")?
        .1
        .split_once("</packageSources>")?
        .0;
    sources.split("<add ").skip(1).find_map(|element| {
        let element = element.split_once('>')?.0;
        let attribute = |name: &str| {
            element
                .split_once(&format!("{name}=\""))?
                .1
                .split_once('"')
                .map(|(value, _)| value)
        };
        let value = attribute("value")?.replace("&amp;", "&");
        let fits = attribute("key")? == "nuget.org"
            && is_address(&value)
            && value.ends_with("/index.json");
        fits.then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_gallerys_own_name_counts() {
        let settings = |key: &str, value: &str| {
            format!(
                "<configuration><packageSources><add key=\"corp\" value=\"https://corp.example/v3/index.json\" />\
                 <add key=\"{key}\" value=\"{value}\" protocolVersion=\"3\" /></packageSources></configuration>"
            )
        };
        let mirror = "https://mirror.example/v3/index.json";
        assert_eq!(
            read_settings(&settings("nuget.org", mirror)).as_deref(),
            Some(mirror)
        );
        assert_eq!(read_settings(&settings("other", mirror)), None);
        assert_eq!(read_settings(&settings("nuget.org", "/var/feed")), None);
        assert_eq!(read_settings("<configuration/>"), None);
    }
}
