#include "poster.hpp"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

namespace communication {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto values = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t longest_head = 16U << 10U;
constexpr std::chrono::hours longest_pause{1};

Posted failed(std::string_view what, const beast::error_code& error) {
    const bool late = error == beast::error::timeout;
    return {late ? NOA_E_EXPIRED : NOA_E_UNAVAILABLE,
            std::string(what) + ": " + (late ? "time is up" : error.message()),
            {}};
}

http::request<http::string_body> request_of(Post& what) {
    http::request<http::string_body> request(http::verb::post, what.endpoint.target, 11);
    request.set(http::field::host, what.endpoint.authority());
    request.set(http::field::user_agent, "noa");
    request.set(http::field::connection, "close");
    request.set(http::field::content_type, what.content_type);
    request.set("webhook-id", what.id);
    request.set("webhook-timestamp", what.timestamp);
    request.set("webhook-signature", what.signature);
    if (!what.traceparent.empty()) {
        request.set("traceparent", what.traceparent);
    }
    request.body() = std::move(what.body);
    request.prepare_payload();
    return request;
}

// The head is enough: an endpoint that has answered has it.
template <class Stream>
asio::awaitable<Posted> exchange(Stream& stream, Post& what) {
    const auto request = request_of(what);
    auto [unsent, sent] = co_await http::async_write(stream, request, values);
    if (unsent) {
        co_return failed("send", unsent);
    }
    beast::flat_buffer buffer(longest_head);
    http::response_parser<http::buffer_body> parser;
    parser.header_limit(longest_head);
    parser.body_limit(boost::none); // which nobody reads
    auto [unread, read] = co_await http::async_read_header(stream, buffer, parser, values);
    if (unread) {
        co_return failed("answer", unread);
    }
    const auto& head = parser.get();
    const auto retry_after = head[http::field::retry_after];
    co_return posted_with(head.result_int(), {retry_after.data(), retry_after.size()});
}

asio::awaitable<Posted> exchange_over_tls(beast::tcp_stream& plain, Post& what) {
    asio::ssl::context context(asio::ssl::context::tls_client);
    beast::error_code error;
    if (what.endpoint.ca.empty()) {
        context.set_default_verify_paths(error);
    } else {
        context.load_verify_file(what.endpoint.ca, error);
    }
    if (error) {
        co_return failed("certificates", error);
    }
    beast::ssl_stream<beast::tcp_stream&> stream(plain, context);
    stream.set_verify_mode(asio::ssl::verify_peer, error);
    stream.set_verify_callback(asio::ssl::host_name_verification(what.endpoint.host), error);
    if (error ||
        SSL_set_tlsext_host_name(stream.native_handle(), what.endpoint.host.c_str()) != 1) {
        co_return failed("TLS", error);
    }
    auto [refused] = co_await stream.async_handshake(asio::ssl::stream_base::client, values);
    if (refused) {
        co_return failed("TLS", refused);
    }
    co_return co_await exchange(stream, what);
}

// A name that is being looked up cannot be given up: only what follows ends when time is up.
asio::awaitable<Posted> deliver(Post what) {
    const auto executor = co_await asio::this_coro::executor;
    const auto until = std::chrono::steady_clock::now() + what.timeout;
    tcp::resolver resolver(executor);
    auto [unknown, places] =
        co_await resolver.async_resolve(what.endpoint.host, what.endpoint.port, values);
    if (unknown) {
        co_return failed("name of the host", unknown);
    }
    beast::tcp_stream stream(executor);
    stream.expires_at(until);
    auto [unreached, place] = co_await stream.async_connect(places, values);
    if (unreached) {
        co_return failed("connect", unreached);
    }
    if (what.endpoint.tls) {
        co_return co_await exchange_over_tls(stream, what);
    }
    co_return co_await exchange(stream, what);
}

} // namespace

Posted posted_with(unsigned code, std::string_view retry_after) {
    if (code >= 200 && code < 300) {
        return {};
    }
    Posted posted{NOA_E_UNAVAILABLE, "HTTP " + std::to_string(code), {}};
    posted.status = code == 410 ? NOA_E_NOT_FOUND : code == 413 ? NOA_E_TOO_LARGE : posted.status;
    std::uint32_t seconds = 0;
    const char* end = retry_after.data() + retry_after.size();
    const auto [rest, error] = std::from_chars(retry_after.data(), end, seconds);
    if (error == std::errc() && rest == end) {
        posted.retry_after = std::min<noa::Duration>(std::chrono::seconds(seconds), longest_pause);
    }
    return posted;
}

struct Poster::Shared {
    explicit Shared(noa::sdk::Function<void()> ring_with) : ring(std::move(ring_with)) {}

    void ended(Done done, Posted posted) {
        bool first = false;
        {
            const std::lock_guard lock(mutex);
            first = over.empty();
            over.emplace_back(std::move(done), std::move(posted));
            --under_way;
        }
        idle.notify_all();
        if (first) {
            ring();
        }
    }

    noa::sdk::Function<void()> ring;
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> more{context.get_executor()};
    std::mutex mutex;
    std::condition_variable idle;
    std::vector<std::pair<Done, Posted>> over; // guarded by mutex; not empty: a ring is under way
    std::size_t under_way = 0;                 // guarded by mutex
    std::thread thread{[this] { context.run(); }};
};

Poster::Poster(noa::sdk::Function<void()> ring)
    : shared_(std::make_unique<Shared>(std::move(ring))) {}

Poster::~Poster() {
    finish(noa::Duration::zero());
}

void Poster::post(Post what, Done done) {
    {
        const std::lock_guard lock(shared_->mutex);
        ++shared_->under_way;
    }
    asio::co_spawn(shared_->context, deliver(std::move(what)),
                   [shared = shared_.get(), done = std::move(done)](
                       const std::exception_ptr& thrown, Posted posted) mutable {
                       if (thrown) { // of memory, or of a library
                           posted = {NOA_E_INTERNAL, "it could not be posted", {}};
                       }
                       shared->ended(std::move(done), std::move(posted));
                   });
}

void Poster::take_done() {
    std::vector<std::pair<Done, Posted>> over;
    {
        const std::lock_guard lock(shared_->mutex);
        over.swap(shared_->over);
    }
    for (auto& [done, posted] : over) {
        done(posted);
    }
}

void Poster::finish(noa::Duration patience) noexcept {
    if (!shared_->thread.joinable()) {
        return;
    }
    {
        std::unique_lock lock(shared_->mutex);
        shared_->idle.wait_for(lock, patience, [this] { return shared_->under_way == 0; });
    }
    shared_->context.stop();
    shared_->thread.join();
}

} // namespace communication
