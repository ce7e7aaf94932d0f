# What you choose, a section for each file. What has no default nobody can choose for you.

variable "name" {
  description = "First part of every name that is made here, so that two copies fit into one account."
  type        = string
  default     = "tollgate"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,23}$", var.name))
    error_message = "name is 2 to 24 of a-z, 0-9 and -, beginning with a letter."
  }
}

variable "region" {
  description = "Where everything lives but the Lambda@Edge function, which is always in us-east-1."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is a region's code, such as eu-central-1."
  }
}

variable "tags" {
  description = "Tags on everything that can have some."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.tags : length(key) <= 128 && length(value) <= 256 && !startswith(lower(key), "aws:")])
    error_message = "A tag's key has at most 128 characters and does not begin with aws:, its value at most 256."
  }
}

variable "runtime" {
  description = "Lambda's runtime of every function. Lambda@Edge must know it too."
  type        = string
  default     = "nodejs22.x"

  validation {
    condition     = contains(["nodejs22.x", "nodejs24.x"], var.runtime)
    error_message = "runtime is nodejs22.x or nodejs24.x."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept, in days."
  type        = number
  default     = 365

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is one of CloudWatch's periods from 30 to 3653. 0, for ever, is none of them."
  }
}

# cognito.tf and triggers.tf

variable "triggers_zip" {
  description = "Zip whose index.mjs exports preSignUp, postConfirmation, preAuthentication, postAuthentication and preTokenGeneration of createTriggers."
  type        = string

  validation {
    condition     = endswith(var.triggers_zip, ".zip")
    error_message = "triggers_zip is the path of a zip."
  }
}

variable "trigger_version" {
  description = "Version of the pre token generation event. V2_0 reaches the access token, V3_0 also that of client credentials, for which createTriggers needs tenantOfClient."
  type        = string
  default     = "V2_0"

  validation {
    condition     = contains(["V2_0", "V3_0"], var.trigger_version)
    error_message = "trigger_version is V2_0 or V3_0. V1_0 reaches the ID token only."
  }
}

variable "self_sign_up" {
  description = "Whether anyone may sign up. Who does has no tenant, which cannot be given later, and so never gets a token: this is for invitations, by authorizeTenant and a client of yours that may write custom:tenant_id."
  type        = bool
  default     = false
}

variable "ses_identity_arn" {
  description = "Verified SES identity, in `region`, from which Cognito tells users of risky sign-ins."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:ses:[a-z0-9-]+:[0-9]{12}:identity/.+$", var.ses_identity_arn))
    error_message = "ses_identity_arn is the ARN of an SES identity."
  }
  validation {
    condition     = strcontains(var.ses_identity_arn, ":ses:${var.region}:")
    error_message = "ses_identity_arn is of an identity in `region`."
  }
}

# api.tf

variable "authorizer_zip" {
  description = "Zip of the authorizer, as `npm run build:authorizer` makes it."
  type        = string

  validation {
    condition     = endswith(var.authorizer_zip, ".zip")
    error_message = "authorizer_zip is the path of a zip."
  }
}

variable "authorizer_cache" {
  description = "What `cacheSettings` of tollgate/api-gateway answers for your configuration. By default no answer of the authorizer is kept."
  type = object({
    identitySources = list(string)
    ttlSeconds      = number
  })
  default = { identitySources = [], ttlSeconds = 0 }

  validation {
    condition     = var.authorizer_cache.ttlSeconds >= 0 && var.authorizer_cache.ttlSeconds <= 3600 && floor(var.authorizer_cache.ttlSeconds) == var.authorizer_cache.ttlSeconds
    error_message = "ttlSeconds is a whole number from 0 to 3600."
  }
  validation {
    condition     = alltrue([for source in var.authorizer_cache.identitySources : can(regex("^\\$(request\\.(header|querystring)|context|stageVariables)\\.[A-Za-z0-9._-]+$", source))])
    error_message = "An identity source is $request.header.…, $request.querystring.…, $context.… or $stageVariables.…."
  }
  validation {
    condition     = var.authorizer_cache.ttlSeconds == 0 || anytrue([for source in ["authorization", "cookie"] : contains(var.authorizer_cache.identitySources, "$request.header.${source}")])
    error_message = "Answers are kept only under the credential: without authorization or cookie among identitySources, ttlSeconds is 0."
  }
  validation {
    condition     = var.authorizer_cache.ttlSeconds == 0 || alltrue([for source in ["httpMethod", "path"] : contains(var.authorizer_cache.identitySources, "$context.${source}")])
    error_message = "Answers are kept only for the request that was judged: without $context.httpMethod and $context.path among identitySources, ttlSeconds is 0."
  }
}

variable "backend_url" {
  description = "The API behind the gateway, reached over HTTP: an https origin without a path. This, or backend_function_arn."
  type        = string
  default     = null

  validation {
    condition     = var.backend_url == null || can(regex("^https://[a-z0-9.-]+(:[0-9]{1,5})?$", var.backend_url))
    error_message = "backend_url is an https origin such as https://origin.example.com, without a path."
  }
  validation {
    condition     = (var.backend_url == null) != (var.backend_function_arn == null)
    error_message = "Set one of backend_url and backend_function_arn, not both."
  }
}

variable "backend_function_arn" {
  description = "The API behind the gateway as a Lambda function, which guards itself with requireTenant. This, or backend_url."
  type        = string
  default     = null

  validation {
    condition     = var.backend_function_arn == null || can(regex("^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_-]+)?$", var.backend_function_arn))
    error_message = "backend_function_arn is the ARN of a function, of a version or of an alias."
  }
}

variable "requests_per_second" {
  description = "How many requests a second the API takes, all clients together. More get 429."
  type        = number
  default     = 100

  validation {
    condition     = var.requests_per_second >= 1 && var.requests_per_second <= 10000
    error_message = "requests_per_second is 1 to 10000, an account's quota."
  }
}

variable "requests_at_once" {
  description = "How many requests the API takes at once before requests_per_second counts."
  type        = number
  default     = 200

  validation {
    condition     = var.requests_at_once >= 1 && var.requests_at_once <= 5000
    error_message = "requests_at_once is 1 to 5000, an account's quota."
  }
}

# edge.tf

variable "edge_zip" {
  description = "Zip of the Lambda@Edge function, as `npm run build:lambda-edge` makes it."
  type        = string

  validation {
    condition     = endswith(var.edge_zip, ".zip")
    error_message = "edge_zip is the path of a zip."
  }
}

variable "edge_domain" {
  description = "The host name that users see."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.edge_domain))
    error_message = "edge_domain is a host name, such as app.example.com."
  }
}

variable "edge_certificate_arn" {
  description = "ACM certificate for edge_domain, in us-east-1."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[0-9a-f-]+$", var.edge_certificate_arn))
    error_message = "edge_certificate_arn is the ARN of a certificate in us-east-1: CloudFront takes no other."
  }
}

variable "edge_origin" {
  description = "Host name of the origin behind CloudFront, with a certificate for it or for edge_domain."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.edge_origin))
    error_message = "edge_origin is a host name, such as origin.example.com."
  }
}

variable "edge_forward_host" {
  description = "Whether the origin sees the host that the gate judged. False for an origin that answers to its own name only, such as API Gateway or a function URL."
  type        = bool
  default     = true
}
