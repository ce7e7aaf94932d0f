// The API itself. It is called for what tollgate.json lets through, and told who asks; `principal` is null on a public rule.

export const api = {
  fetch(request, _env, _context, principal) {
    const { pathname } = new URL(request.url);
    if (principal === null) return new Response("ok\n");
    return Response.json({ path: pathname, user: principal.userId, tenant: principal.tenantId, plan: principal.plan });
  },
};
