// vssctl: asks vssd for consistent copies and explains what happened.
#include "operator/vssctl.hpp"

int main(int argument_count, char** arguments) {
  return vss::operators::run_vssctl(argument_count, arguments);
}
