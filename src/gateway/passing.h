// A stream on its way from a vendor to a client inside a sandbox: without secrets, recorded, and
// read by the way for what it used.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/redaction.h"
#include "model/wire.h"
#include "net/sse.h"
#include "server/message.h"

namespace nightjar::gateway {

/// One stream, one thread.
class Passing {
 public:
  /// `drops_usage`: its client did not ask for the event that tells usage alone. `wire` and
  /// `upstreams` must outlive it.
  Passing(server::Wire& wire, const std::vector<Upstream>& upstreams,
          std::unique_ptr<model::ReplyReader> reader, bool drops_usage);

  /// False: nothing more is wanted. It is to the end also where the client has gone or the reply is
  /// of no use: it is paid for.
  bool take(std::string_view bytes);
  void end();

  bool has_begun() const { return begun_; }
  const std::string& recorded() const { return recorded_; }
  /// What the vendor told, and a guess for what came since; where nobody told, also for the
  /// `request_bytes` that went in.
  model::Usage used(size_t request_bytes) const;

 private:
  void pass_on(std::string_view text);
  void read(const net::SseEvent& event);

  server::Wire& wire_;
  Redaction redaction_;
  std::unique_ptr<model::ReplyReader> reader_;
  bool drops_usage_;
  net::SseParser parser_;
  bool begun_ = false, open_ = true, readable_ = true;
  std::string recorded_;
  model::Usage told_;
  size_t written_then_ = 0;  ///< when that was told
  size_t unread_ = 0;        ///< bytes since then that the reader took no notice of
};

}  // namespace nightjar::gateway
