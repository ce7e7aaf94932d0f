// The IAM policy that an authorizer answers with. An allow names one method and path and no other, whatever the path holds.

/** A policy with one statement, as API Gateway takes it. */
export interface PolicyDocument {
  Version: "2012-10-17";
  Statement: [{ Action: "execute-api:Invoke"; Effect: "Allow" | "Deny"; Resource: string }];
}

/** The longest `Resource` that API Gateway takes, in characters. */
const MAX_RESOURCE = 512;

/** Whether IAM reads an ARN as itself: no `*`, no `?` and no policy variable in it, and not too long. */
export function isExact(arn: string): boolean {
  return arn.length <= MAX_RESOURCE && !/[*?]|\$\{/.test(arn);
}

/** Lets through the method and path of `arn`, which is exact. */
export function allowPolicy(arn: string): PolicyDocument {
  return policy("Allow", arn);
}

/** Refuses the request of `arn`; one that IAM would read as another is refused with everything. */
export function denyPolicy(arn: string): PolicyDocument {
  return policy("Deny", isExact(arn) ? arn : "*");
}

function policy(Effect: "Allow" | "Deny", Resource: string): PolicyDocument {
  return { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect, Resource }] };
}
