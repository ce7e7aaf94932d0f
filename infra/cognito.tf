# The user pool and its client. Who belongs to which tenant is not decided here, only that nobody can choose or change it: the
# attribute can be set once, when an administrator creates the user, and the client may not write it.

resource "aws_cognito_user_pool" "users" {
  name                = "${var.name}-users"
  user_pool_tier      = "PLUS"
  deletion_protection = "ACTIVE"

  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]

  username_configuration {
    case_sensitive = false
  }

  admin_create_user_config {
    allow_admin_create_user_only = !var.self_sign_up
  }

  # custom:tenant_id. Cognito cannot make an attribute of its own compulsory: a user without it gets no token from the triggers.
  schema {
    name                     = "tenant_id"
    attribute_data_type      = "String"
    mutable                  = false
    required                 = false
    developer_only_attribute = false

    string_attribute_constraints {
      min_length = "1"
      max_length = "64"
    }
  }

  password_policy {
    minimum_length                   = 12
    require_lowercase                = true
    require_uppercase                = true
    require_numbers                  = true
    require_symbols                  = true
    temporary_password_validity_days = 1
  }

  # One-time passwords, so that adaptive authentication has something to ask for.
  mfa_configuration = "OPTIONAL"

  software_token_mfa_configuration {
    enabled = true
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  # A new address counts only once it is proven: recovery goes there.
  user_attribute_update_settings {
    attributes_require_verification_before_update = ["email"]
  }

  user_pool_add_ons {
    advanced_security_mode = "ENFORCED"

    advanced_security_additional_flows {
      custom_auth_mode = "ENFORCED"
    }
  }

  lambda_config {
    pre_sign_up         = module.triggers["pre-sign-up"].arn
    post_confirmation   = module.triggers["post-confirmation"].arn
    pre_authentication  = module.triggers["pre-authentication"].arn
    post_authentication = module.triggers["post-authentication"].arn

    pre_token_generation_config {
      lambda_arn     = module.triggers["pre-token-generation"].arn
      lambda_version = var.trigger_version
    }
  }
}

# What threat protection does about what it sees. Passwords known from leaks are found where Cognito gets to see one, at sign-up and
# at a change: SRP shows it none at sign-in.
resource "aws_cognito_risk_configuration" "users" {
  user_pool_id = aws_cognito_user_pool.users.id

  account_takeover_risk_configuration {
    actions {
      low_action {
        event_action = "MFA_IF_CONFIGURED"
        notify       = false
      }
      # Who has no second factor is refused here.
      medium_action {
        event_action = "MFA_REQUIRED"
        notify       = true
      }
      high_action {
        event_action = "BLOCK"
        notify       = true
      }
    }

    notify_configuration {
      source_arn = aws_ses_identity_policy.notices.identity
    }
  }

  compromised_credentials_risk_configuration {
    event_filter = ["SIGN_IN", "SIGN_UP", "PASSWORD_CHANGE"]

    actions {
      event_action = "BLOCK"
    }
  }
}

# Cognito's own mail service sends all else; from this identity it may send for this pool alone.
data "aws_iam_policy_document" "notices" {
  statement {
    actions   = ["ses:SendEmail", "ses:SendRawEmail"]
    resources = [var.ses_identity_arn]

    principals {
      type        = "Service"
      identifiers = ["email.cognito-idp.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cognito_user_pool.users.arn]
    }
  }
}

resource "aws_ses_identity_policy" "notices" {
  identity = var.ses_identity_arn
  name     = "${var.name}-notices"
  policy   = data.aws_iam_policy_document.notices.json
}

resource "aws_cognito_user_pool_client" "web" {
  name         = "${var.name}-web"
  user_pool_id = aws_cognito_user_pool.users.id

  # A page cannot keep a secret, and SRP needs none.
  generate_secret                      = false
  explicit_auth_flows                  = ["ALLOW_USER_SRP_AUTH"]
  allowed_oauth_flows_user_pool_client = false
  supported_identity_providers         = ["COGNITO"]

  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true
  auth_session_validity         = 3

  # Each refresh replaces the refresh token; for ten seconds the old one may be repeated, because an answer can get lost. Rotation is
  # GetTokensFromRefreshToken, and Cognito refuses it beside ALLOW_REFRESH_TOKEN_AUTH.
  refresh_token_rotation {
    feature                    = "ENABLED"
    retry_grace_period_seconds = 10
  }

  access_token_validity  = 15
  id_token_validity      = 15
  refresh_token_validity = 30

  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "days"
  }

  read_attributes = ["email", "email_verified", "custom:tenant_id"]
  # What a user may change, and may set at sign-up. Never custom:tenant_id.
  write_attributes = ["email"]
}
