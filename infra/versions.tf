# Which Terraform and provider this is written for, and where it is applied. Names no state backend: that is yours to choose.

terraform {
  # 1.9: the validation of a variable may look at another one.
  required_version = ">= 1.9.0"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # Validated with 5.100.0; every name used here is in 6.25.0 too.
      version = ">= 5.100.0, < 7.0.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = var.tags
  }
}

# Lambda@Edge functions, and the certificates of CloudFront, live in this region and in no other.
provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"

  default_tags {
    tags = var.tags
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}
