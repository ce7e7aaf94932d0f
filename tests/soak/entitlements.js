// What a user may do, for the soak: the same for all. Stores nothing.

export default {
  async fetch(request) {
    const { user } = await request.json();
    return Response.json({ member: user.startsWith("ann-"), plan: "pro", permissions: ["orders:read"] });
  },
};
