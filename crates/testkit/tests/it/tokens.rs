use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use xiaoan_testkit::TestIssuer;

fn verify(issuer: &TestIssuer, token: &str) -> Result<serde_json::Value, jsonwebtoken::errors::Error> {
    let jwks: JwkSet = serde_json::from_slice(&std::fs::read(issuer.jwks_path()).unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_issuer(&[TestIssuer::ISSUER]);
    rules.set_audience(&[TestIssuer::AUDIENCE]);
    let key = DecodingKey::from_jwk(&jwks.keys[0])?;
    Ok(jsonwebtoken::decode(token, &key, &rules)?.claims)
}

#[test]
fn a_token_is_good_by_its_issuers_key_and_by_no_other() {
    let (ours, other) = (TestIssuer::new(), TestIssuer::new());
    let token = ours.token("officer-7", "371102010000", &["officer"]);
    let claims = verify(&ours, &token).unwrap();
    assert_eq!(claims["sub"], "officer-7");
    assert_eq!(claims["roles"][0], "officer");
    assert!(verify(&other, &token).is_err());
}

#[test]
fn a_token_with_a_negative_life_has_expired() {
    let issuer = TestIssuer::new();
    assert!(verify(&issuer, &issuer.token_for("x", "371102010000", &[], -600)).is_err());
}
