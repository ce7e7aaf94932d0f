//! The preset `tollgate`: an issuer that is the token service of the same host. Its name, audience and keys are at hand, so
//! nothing is fetched; and nothing that contradicts them can be configured.

use crate::config::{
    self, AlgorithmName, ClaimNames, GateIssuers, Issuer, KeySetText, OneOrMany, OwnIssuer, ServiceNames,
};
use crate::error::Error;

/// Puts what the preset stands for among the issuers of a configuration.
#[inline(never)]
pub(super) fn fill_in(
    issuers: &mut GateIssuers,
    tokens: Option<&ServiceNames>,
    own_keys: Option<&str>,
) -> Result<(), Error> {
    let GateIssuers { own, others } = issuers;
    if let Some((position, own)) = &own {
        let filled = issuer_of(own, tokens, own_keys)
            .map_err(|problem| config::fault(format_args!("issuers[{position}].preset"), problem))?;
        others.insert((*position).min(others.len()), filled);
    }
    // Two ways to the keys of one issuer would be one too many.
    let own = own.as_ref().map(|(position, _)| *position);
    let is_twin =
        |issuer: &Issuer| issuer.issuer.is_some() && issuer.issuer.as_ref() == tokens.map(|tokens| &tokens.issuer);
    match others.iter().enumerate().find(|(index, issuer)| Some(*index) != own && is_twin(issuer)) {
        None => Ok(()),
        Some((index, _)) => Err(config::fault(
            format_args!("issuers[{index}].issuer"),
            "is the issuer of tokens: say \"preset\": \"tollgate\" instead",
        )),
    }
}

fn issuer_of(own: &OwnIssuer, tokens: Option<&ServiceNames>, keys: Option<&str>) -> Result<Issuer, &'static str> {
    let tokens = tokens.ok_or("needs the member tokens, whose issuer and audience it takes")?;
    let keys = keys.ok_or("needs the keys of its own token service")?;
    Ok(Issuer {
        preset: None,
        region: None,
        user_pool_id: None,
        domain: None,
        issuer: Some(tokens.issuer.clone()),
        algorithms: Some(vec![AlgorithmName::ES256]),
        jwks: Some(KeySetText(keys.to_owned())),
        jwks_uri: None,
        audience: Some(tokens.audience.clone()),
        client_ids: own.client_ids.clone(),
        // A refresh token is signed with another key; and were it not, its type would not do.
        types: Some(vec![Some("at+jwt".to_owned())]),
        token_use: None,
        tenants: own.tenants.clone(),
        max_age_seconds: None,
        claims: ClaimNames { tenant: Some(OneOrMany::One("tid".to_owned())), ..ClaimNames::default() },
    })
}

#[cfg(test)]
#[path = "own_tests.rs"]
mod tests;
