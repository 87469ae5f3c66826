"""What the end-to-end tests share. Everything here runs outside the sandbox, in the machine's own
namespace, and never touches a path that can be frozen."""
