//! The members of an issuer that say who it is and where its keys are. Refuses what is missing or contradicts, and fills in what a
//! preset knows.

use std::fmt;

use crate::config::{self, Preset};
use crate::error::Error;
use crate::request::is_secure_url;

/// Refuses what is missing, contradicts or cannot be. Holds nothing that would have to be dropped at each of the ways out.
pub(super) fn check_members(at: fmt::Arguments<'_>, config: &config::Issuer) -> Result<(), Error> {
    if !config.issuer.as_deref().is_some_and(is_secure_url) {
        return Err(config::fault(format_args!("{at}.issuer"), "expected an https URL (http only to loopback)"));
    }
    match (&config.algorithms, config.preset) {
        (Some(list), _) if list.is_empty() => {
            return Err(config::fault(format_args!("{at}.algorithms"), "expected ES256, RS256 or both"));
        }
        (None, None) => {
            return Err(config::fault(
                format_args!("{at}.algorithms"),
                "is missing; expected [\"ES256\"], [\"RS256\"] or both",
            ));
        }
        _ => {}
    }
    match (&config.jwks, config.jwks_uri.as_deref()) {
        (Some(_), Some(_)) => {
            return Err(config::fault(format_args!("{at}.jwks"), "expected jwks or jwksUri, not both"));
        }
        (None, None) => return Err(config::fault(at, "expected jwks or jwksUri")),
        (None, Some(uri)) if !is_secure_url(uri) => {
            return Err(config::fault(format_args!("{at}.jwksUri"), "expected an https URL (http only to loopback)"));
        }
        _ => {}
    }
    if config.types.as_ref().is_some_and(Vec::is_empty) {
        return Err(config::fault(format_args!("{at}.types"), "expected at least one typ value, or null for none"));
    }
    Ok(())
}

/// Sees to it that an issuer has a name and, unless its keys are given, a key set URL: those of the preset where there is one.
pub(super) fn locate(at: fmt::Arguments<'_>, config: &mut config::Issuer) -> Result<(), Error> {
    let config::Issuer { preset, region, user_pool_id, domain, .. } = config;
    for (member, given, of) in [
        ("region", region.is_some(), Preset::Cognito),
        ("userPoolId", user_pool_id.is_some(), Preset::Cognito),
        ("domain", domain.is_some(), Preset::Auth0),
    ] {
        if given && *preset != Some(of) {
            let problem = if of == Preset::Cognito {
                "goes with the preset cognito only"
            } else {
                "goes with the preset auth0 only"
            };
            return Err(config::fault(format_args!("{at}.{member}"), problem));
        }
    }
    match *preset {
        Some(preset) => fill_in(at, config, preset),
        None => required(at, "issuer", config.issuer.as_deref()).map(|_| ()),
    }
}

/// Fills in what a preset knows: the issuer's name, and where its key set is.
#[inline(never)]
fn fill_in(at: fmt::Arguments<'_>, config: &mut config::Issuer, preset: Preset) -> Result<(), Error> {
    for (member, given) in [("issuer", config.issuer.is_some()), ("jwksUri", config.jwks_uri.is_some())] {
        if given {
            return Err(config::fault(
                format_args!("{at}.{member}"),
                "is filled in by the preset; leave one of them out",
            ));
        }
    }
    let (name, base) = match preset {
        Preset::Cognito => {
            let (region, pool) = (
                plain(at, "region", config.region.as_deref())?,
                plain(at, "userPoolId", config.user_pool_id.as_deref())?,
            );
            let name = format!("https://cognito-idp.{region}.amazonaws.com/{pool}");
            (name.clone(), name)
        }
        Preset::Auth0 => {
            let base = format!("https://{}", plain(at, "domain", config.domain.as_deref())?);
            (format!("{base}/"), base)
        }
    };
    config.issuer = Some(name);
    // Keys given in the configuration stand in for the provider's.
    config.jwks_uri = config.jwks.is_none().then(|| format!("{base}/.well-known/jwks.json"));
    Ok(())
}

fn plain<'c>(at: fmt::Arguments<'_>, member: &str, value: Option<&'c str>) -> Result<&'c str, Error> {
    let value = required(at, member, value)?;
    let ok = !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if ok {
        Ok(value)
    } else {
        Err(config::fault(format_args!("{at}.{member}"), "expected letters, digits, - _ and ."))
    }
}

fn required<'c>(at: fmt::Arguments<'_>, member: &str, value: Option<&'c str>) -> Result<&'c str, Error> {
    value.ok_or_else(|| config::fault(format_args!("{at}.{member}"), "is missing"))
}
