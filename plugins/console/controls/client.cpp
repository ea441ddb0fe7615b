#include "client.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "../api/json_reads.hpp"

namespace console {

namespace asio = boost::asio;
using Code = boost::system::error_code;

namespace {

constexpr std::size_t longest_line = 8U << 20U;
constexpr std::size_t most_bytes = 16U << 20U; // of a stream that is collected

noa::Error error_of(const noa::Json& told) {
    const std::string code = text_in(told, "code");
    std::string text = text_in(told, "text");
    const noa_status status = code == "invalid"     ? NOA_E_INVALID
                              : code == "not_found" ? NOA_E_NOT_FOUND
                              : code == "denied"    ? NOA_E_DENIED
                              : code == "busy"      ? NOA_E_BUSY
                                                    : NOA_E_FAILED;
    return {status, text.empty() ? "the host refused it" : std::move(text)};
}

} // namespace

class Controls::Call : public std::enable_shared_from_this<Call> {
public:
    Call(asio::io_context& io, std::string line)
        : socket_(io), timer_(io), line_(std::move(line)) {}

    void begin(const std::string& path) {
        socket_.async_connect(asio::local::stream_protocol::endpoint(path),
                              [self = shared_from_this()](Code error) {
                                  if (error) {
                                      self->end(unreachable(error));
                                      return;
                                  }
                                  self->write();
                              });
    }
    void expire_after(std::chrono::milliseconds timeout) {
        timer_.expires_after(timeout);
        timer_.async_wait([self = shared_from_this()](Code error) {
            if (!error) {
                self->end(noa::Error{NOA_E_EXPIRED, "the host did not answer in time"});
            }
        });
    }

    Done done;
    Item item; // of a stream that is followed; else items are collected

private:
    static noa::Error unreachable(Code error) {
        return {NOA_E_UNAVAILABLE, "the host's control socket: " + error.message()};
    }

    void write() {
        asio::async_write(socket_, asio::buffer(line_),
                          [self = shared_from_this()](Code error, std::size_t) {
                              if (error) {
                                  self->end(unreachable(error));
                              } else {
                                  self->read();
                              }
                          });
    }
    void read() {
        asio::async_read_until(socket_, asio::dynamic_buffer(buffer_, longest_line), '\n',
                               [self = shared_from_this()](Code error, std::size_t size) {
                                   if (error) {
                                       self->end(unreachable(error));
                                   } else {
                                       self->take(size);
                                   }
                               });
    }
    void take(std::size_t size) {
        const auto parsed = noa::parse_json(std::string_view(buffer_).substr(0, size));
        buffer_.erase(0, size);
        if (!parsed || !parsed->is_object()) {
            end(noa::Error{NOA_E_FAILED, "the host's answer is not well formed"});
        } else if (const auto event = parsed->find("event"); event != parsed->end()) {
            collected_ += size;
            if (item) {
                item(*event);
            } else if (collected_ <= most_bytes) {
                items_.push_back(*event);
            }
            read();
        } else if (const auto ok = parsed->find("ok"); ok != parsed->end()) {
            if (items_.empty()) {
                end(*ok);
            } else {
                end(std::move(items_));
            }
        } else if (const auto wrong = parsed->find("error"); wrong != parsed->end()) {
            end(error_of(*wrong));
        } else {
            read(); // progress
        }
    }
    void end(noa::Result<noa::Json> outcome) {
        Code ignored;
        timer_.cancel();
        socket_.close(ignored);
        if (const Done told = std::exchange(done, nullptr)) {
            told(std::move(outcome));
        }
    }

    asio::local::stream_protocol::socket socket_;
    asio::steady_timer timer_;
    std::string line_;
    std::string buffer_;
    noa::Json items_ = noa::Json::array();
    std::size_t collected_ = 0;
};

void Controls::begin(const std::shared_ptr<Call>& call) {
    std::erase_if(calls_, [](const auto& one) { return one.expired(); });
    if (calls_.size() >= most_calls) {
        call->done(noa::busy("too many questions are under way to the host"));
        return;
    }
    calls_.push_back(call);
    call->begin(path_);
}

void Controls::ask(std::string_view verb, const noa::Json& args, std::chrono::milliseconds timeout,
                   Done done) {
    const noa::Json request{{"v", 1}, {"verb", verb}, {"args", args}};
    const auto call = std::make_shared<Call>(io_, noa::json_text(request) + "\n");
    call->done = std::move(done);
    call->expire_after(timeout);
    begin(call);
}

void Controls::follow(std::string_view verb, const noa::Json& args, Item item,
                      std::function<void()> ended) {
    const noa::Json request{{"v", 1}, {"verb", verb}, {"args", args}};
    const auto call = std::make_shared<Call>(io_, noa::json_text(request) + "\n");
    call->item = std::move(item);
    call->done = [ended = std::move(ended)](const noa::Result<noa::Json>&) { ended(); };
    begin(call);
}

} // namespace console
