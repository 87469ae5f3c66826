// The functions of <vss/writer.h>: the C face of a handle.
#include <vss/writer.h>

#include <errno.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/identity.hpp"
#include "handle.hpp"

struct vss_writer : vss::sdk::Handle {
  using Handle::Handle;
};

int vss_writer_create(const vss_writer_options* options, vss_writer** writer) {
  *writer = nullptr;
  if (options == nullptr || options->size != sizeof *options) return -EINVAL;
  try {
    auto* handle = new vss_writer(*options);
    if (const int error = handle->open(); error < 0) {
      delete handle;
      return error;
    }
    *writer = handle;
    return 0;
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  }
}

void vss_writer_destroy(vss_writer* writer) {
  delete writer;
}

int vss_writer_connect(vss_writer* writer) {
  return writer->connect();
}

int vss_writer_fd(const vss_writer* writer) {
  return writer->descriptor();
}

int vss_writer_is_connected(const vss_writer* writer) {
  return writer->is_connected() ? 1 : 0;
}

int vss_writer_next(vss_writer* writer, vss_event* event) {
  return writer->next(*event);
}

int vss_writer_reply(vss_writer* writer, uint64_t id, int status, const char* reason) {
  return writer->reply(id, status == 0, reason != nullptr ? reason : "");
}

int vss_writer_more_time(vss_writer* writer, uint64_t id, uint64_t duration) {
  return writer->more_time(id, duration);
}

const char* vss_writer_error(const vss_writer* writer) {
  return writer->error();
}

void vss_transaction_text(uint64_t transaction, char text[VSS_TRANSACTION_TEXT_SIZE]) {
  const auto made = vss::base::to_text(vss::base::TransactionId{transaction});
  static_assert(made.capacity() <= VSS_TRANSACTION_TEXT_SIZE);
  const std::size_t size = std::min(made.size(), std::size_t{VSS_TRANSACTION_TEXT_SIZE} - 1);
  std::memcpy(text, made.view().data(), size);
  text[size] = '\0';
}

int vss_api_version(void) {
  return VSS_API_VERSION;
}

const char* vss_version(void) {
  return OPENVSS_VERSION;
}
