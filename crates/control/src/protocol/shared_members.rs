//! The members that many operations have in common.

use catalog::FormatRules;
use model::{
    AccountId, AssetName, Constraint, Description, DomainName, DomainRef, Error,
    ExternalConnectionName, InvalidReason, Namespace, OriginRestriction, OriginRestrictions,
    PackageCoordinates, PackageGroupPattern, PackageName, PageLimit, PatternFault, PolicyDocument,
    RepositoryName, TaggableResource, VersionName,
};
use serde_json::Value;

use super::member::{Member, Place, body, query, query_as};
use super::page_token::{self, Binding, Cursor};
use super::params::{Params, Read};

/// The longest list of tags, or of their keys, in one request. How many a resource may have is another matter.
const MOST_TAGS: usize = 200;

/// A format's rules, found by its id.
pub(crate) type Format = &'static dyn FormatRules;

impl Params {
    /// `domain` and `domainOwner`. The owner is the caller's account unless another is named.
    pub(crate) fn domain(&mut self) -> Read<DomainRef> {
        let name = self.domain_name();
        let owner = self.optional(query_as("domainOwner", "domain-owner"), AccountId::parse);
        Ok(DomainRef {
            name: name?,
            owner: owner?.unwrap_or_else(|| self.asking.account.clone()),
        })
    }

    /// `domain` and `domainOwner` of an operation that has them in its body.
    pub(crate) fn domain_in_body(&mut self) -> Read<DomainRef> {
        let name = self.required(body("domain"), DomainName::parse);
        let owner = self.optional(body("domainOwner"), AccountId::parse);
        Ok(DomainRef {
            name: name?,
            owner: owner?.unwrap_or_else(|| self.asking.account.clone()),
        })
    }

    /// `domain` alone.
    pub(crate) fn domain_name(&mut self) -> Read<DomainName> {
        self.required(query("domain"), DomainName::parse)
    }

    /// `repository`.
    pub(crate) fn repository(&mut self) -> Read<RepositoryName> {
        self.required(query("repository"), RepositoryName::parse)
    }

    /// `repositoryPrefix`; empty when not sent.
    pub(crate) fn repository_prefix(&mut self) -> Read<String> {
        let member = query_as("repositoryPrefix", "repository-prefix");
        let prefix = self.optional(member, RepositoryName::parse)?;
        Ok(prefix.map_or_else(String::new, |prefix| prefix.to_string()))
    }

    /// `externalConnection`.
    pub(crate) fn external_connection(&mut self) -> Read<ExternalConnectionName> {
        let member = query_as("externalConnection", "external-connection");
        self.required(member, ExternalConnectionName::parse)
    }

    /// `description`.
    pub(crate) fn description(&mut self) -> Read<Option<String>> {
        let text = self.optional(body("description"), Description::parse)?;
        Ok(text.map(|text| text.to_string()))
    }

    /// `contactInfo`.
    pub(crate) fn contact_info(&mut self) -> Read<Option<String>> {
        let text = self.optional(body("contactInfo"), Description::parse)?;
        Ok(text.map(|text| text.to_string()))
    }

    /// `packageGroup`, a pattern: in the query of most operations, in the body of some.
    pub(crate) fn package_group(&mut self, place: Place) -> Read<PackageGroupPattern> {
        let member: Member = match place {
            Place::Body => body("packageGroup"),
            _ => query_as("packageGroup", "package-group"),
        };
        let formats = self.asking.formats;
        let read = self.required(member, |text| match formats.package_group_pattern(text) {
            Err(PatternFault::Constraint(constraint)) => Err(constraint),
            read => Ok(read),
        })?;
        read.map_err(|fault| {
            self.fault(Error::invalid(
                InvalidReason::FieldValidation,
                fault.to_string(),
            ))
        })
    }

    /// `upstreams`: repositories in order of priority.
    pub(crate) fn upstreams(&mut self) -> Read<Option<Vec<RepositoryName>>> {
        let Some(items) = self.list(body("upstreams"), usize::MAX)? else {
            return Ok(None);
        };
        let names: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let path = format!("upstreams.{}.member", index + 1);
                self.item_text(&path, item, "repositoryName", RepositoryName::parse)
            })
            .collect();
        names.into_iter().collect::<Read<_>>().map(Some)
    }

    /// `tags`: keys and values; none when not sent.
    pub(crate) fn tags(&mut self) -> Read<Vec<(String, String)>> {
        let items = self.list(body("tags"), MOST_TAGS)?;
        self.tag_items(&items.unwrap_or_default())
    }

    /// `tags`, where they must be there.
    pub(crate) fn required_tags(&mut self) -> Read<Vec<(String, String)>> {
        let items = self.required_list(body("tags"), MOST_TAGS)?;
        self.tag_items(&items)
    }

    fn tag_items(&mut self, items: &[Value]) -> Read<Vec<(String, String)>> {
        let tags: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let path = format!("tags.{}.member", index + 1);
                let key = self.item_text(&path, item, "key", tag_key);
                let value = self.item_text(&path, item, "value", |text| {
                    printable(text, 0, 256, r"\P{C}*")
                });
                Ok((key?, value?))
            })
            .collect();
        tags.into_iter().collect()
    }

    /// `tagKeys`.
    pub(crate) fn tag_keys(&mut self) -> Read<Vec<String>> {
        let items = self.required_list(body("tagKeys"), MOST_TAGS)?;
        let keys: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                self.text_item(&format!("tagKeys.{}.member", index + 1), item, tag_key)
            })
            .collect();
        keys.into_iter().collect()
    }

    /// `resourceArn`, of a resource that can have tags.
    pub(crate) fn taggable(&mut self) -> Read<TaggableResource> {
        let scope = self.asking.scope.clone();
        self.required(query("resourceArn"), |text| {
            visible(text, 1011)?;
            TaggableResource::parse(text, &scope)
        })
    }

    /// `policyRevision` of a policy that is there.
    pub(crate) fn policy_revision(&mut self, place: Place) -> Read<Option<String>> {
        let member = match place {
            Place::Body => body("policyRevision"),
            _ => query_as("policyRevision", "policy-revision"),
        };
        self.optional(member, |text| visible(text, 100).map(str::to_owned))
    }

    /// `policyDocument`.
    pub(crate) fn policy_document(&mut self) -> Read<PolicyDocument> {
        self.required(body("policyDocument"), PolicyDocument::parse)
    }

    /// `format`, where it must be there.
    pub(crate) fn format(&mut self) -> Read<Format> {
        let formats = self.asking.formats;
        self.required(query("format"), |text| {
            formats
                .find(text)
                .ok_or_else(|| Constraint::OneOf(formats.ids()))
        })
    }

    /// `format`, where it may be left out.
    pub(crate) fn optional_format(&mut self) -> Read<Option<Format>> {
        let formats = self.asking.formats;
        self.optional(query("format"), |text| {
            formats
                .find(text)
                .ok_or_else(|| Constraint::OneOf(formats.ids()))
        })
    }

    /// `format`, `namespace` and `package`, in the format's normal form.
    pub(crate) fn package(&mut self) -> Read<PackageCoordinates> {
        let format = self.format();
        let namespace = self.optional(query("namespace"), Namespace::parse);
        let name = self.required(query("package"), PackageName::parse);
        let (format, namespace, name) = (format?, namespace?, name?);
        format
            .coordinates(namespace.clone(), name.clone())
            .map_err(|(member, constraint)| {
                let value = match member {
                    "namespace" => namespace.map(|namespace| namespace.to_string()),
                    _ => Some(name.to_string()),
                };
                self.violation(member, value, constraint)
            })
    }

    /// The same, of a format whose versions are published through the API.
    pub(crate) fn package_of_api(&mut self) -> Read<PackageCoordinates> {
        let package = self.package()?;
        let of_api = |format: &&dyn FormatRules| format.is_published_through_api();
        let known: Vec<_> = self.asking.formats.iter().filter(of_api).collect();
        let ids: Vec<_> = known.iter().map(|format| format.id().as_str()).collect();
        if known.iter().any(|format| format.id() == package.format) {
            return Ok(package);
        }
        let sent = package.format.to_string();
        Err(self.violation("format", Some(sent), Constraint::OneOf(ids)))
    }

    /// `packageVersion`, in the normal form of the package's format.
    pub(crate) fn version(&mut self, package: &Read<PackageCoordinates>) -> Read<VersionName> {
        let version = self.required(query_as("packageVersion", "version"), VersionName::parse)?;
        let package = package.as_ref().map_err(|refused| *refused)?;
        Ok(self.in_normal_form(package, version))
    }

    /// A version in the normal form of its package's format.
    pub(crate) fn in_normal_form(
        &self,
        package: &PackageCoordinates,
        version: VersionName,
    ) -> VersionName {
        match self.asking.formats.find(package.format.as_str()) {
            Some(format) => format.version(version),
            None => version,
        }
    }

    /// `restrictions`: both switches of a package's origin controls.
    pub(crate) fn origin_restrictions(&mut self) -> Read<OriginRestrictions> {
        let found = self.structure(body("restrictions"))?;
        let words = OriginRestriction::ALL.map(OriginRestriction::as_str);
        let mut switch = |name| {
            let parse = one_of(OriginRestriction::parse, words);
            self.item_text("restrictions", &found, name, parse)
        };
        let (publish, upstream) = (switch("publish"), switch("upstream"));
        Ok(OriginRestrictions {
            publish: publish?,
            upstream: upstream?,
        })
    }

    /// `asset`.
    pub(crate) fn asset(&mut self) -> Read<AssetName> {
        self.required(query("asset"), AssetName::parse)
    }

    /// `nextToken` alone, where the length of pages is not the caller's to choose. To be read last, as [`Self::page`].
    pub(crate) fn page_of(&mut self, length: u16) -> Read<Cursor> {
        self.cursor(query_as("nextToken", "next-token"), |_| Ok(None), length)
    }

    /// `asset`, where it is to be made.
    pub(crate) fn new_asset(&mut self, package: &Read<PackageCoordinates>) -> Read<AssetName> {
        let asset = self.required(query_as("assetName", "asset"), AssetName::parse)?;
        let id = package.as_ref().map_err(|refused| *refused)?.format;
        let format = self.asking.formats.find(id.as_str());
        let checked = format.map_or(Ok(()), |format| format.check_asset_name(&asset));
        checked.map_err(|constraint| {
            self.violation("assetName", Some(asset.to_string()), constraint)
        })?;
        Ok(asset)
    }

    /// `maxResults` and `nextToken`. To be read last: the token is bound to every member read before.
    pub(crate) fn page(&mut self, place: Place, default: u16) -> Read<Cursor> {
        let (max_results, next_token) = match place {
            Place::Body => (body("maxResults"), body("nextToken")),
            Place::Query | Place::Header | Place::Payload => (
                query_as("maxResults", "max-results"),
                query_as("nextToken", "next-token"),
            ),
        };
        let limit = |p: &mut Self| p.integer(max_results, 1, 1000);
        self.cursor(next_token, limit, default)
    }

    fn cursor(
        &mut self,
        next_token: Member,
        read_limit: impl FnOnce(&mut Self) -> Read<Option<i64>>,
        default: u16,
    ) -> Read<Cursor> {
        let account = self.asking.account.as_str();
        let binding = Binding::new(self.asking.operation, account, self.inputs());
        let limit = read_limit(self);
        let token = self.optional(next_token, |text| {
            visible(text, page_token::MAX_LENGTH).map(str::to_owned)
        });
        let limit = limit?.and_then(|limit| u16::try_from(limit).ok());
        let after = match token? {
            None => None,
            Some(token) => match binding.open(&token) {
                Some(key) => Some(key),
                None => {
                    return Err(self.fault(Error::invalid(
                        InvalidReason::FieldValidation,
                        "The nextToken is not one that this list gave for these parameters. Leave it out to begin \
                         at the first page.",
                    )));
                }
            },
        };
        Ok(Cursor {
            after,
            limit: PageLimit::new(limit.unwrap_or(default)),
            binding,
        })
    }
}

/// Text of 1 to `max` characters without white space: `\S+`.
pub(crate) fn visible(text: &str, max: usize) -> Result<&str, Constraint> {
    if text.is_empty() {
        Err(Constraint::MinLength(1))
    } else if text.len() > max.saturating_mul(4) || text.chars().count() > max {
        Err(Constraint::MaxLength(max))
    } else if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Err(Constraint::Pattern(r"\S+"))
    } else {
        Ok(text)
    }
}

/// The key of a tag.
fn tag_key(text: &str) -> Result<String, Constraint> {
    printable(text, 1, 128, r"\P{C}+")
}

/// Text of `min` to `max` characters that can all be seen: at most 1,000, as descriptions have the same rule.
fn printable(
    text: &str,
    min: usize,
    max: usize,
    pattern: &'static str,
) -> Result<String, Constraint> {
    let length = text.chars().count();
    if length < min {
        Err(Constraint::MinLength(min))
    } else if length > max {
        Err(Constraint::MaxLength(max))
    } else if Description::parse(text).is_err() {
        Err(Constraint::Pattern(pattern))
    } else {
        Ok(text.to_owned())
    }
}

/// A parser of one of a closed list of words.
pub(crate) fn one_of<T>(
    parse: impl Fn(&str) -> Option<T>,
    words: impl IntoIterator<Item = &'static str>,
) -> impl FnOnce(&str) -> Result<T, Constraint> {
    move |text| parse(text).ok_or_else(|| Constraint::OneOf(words.into_iter().collect()))
}
