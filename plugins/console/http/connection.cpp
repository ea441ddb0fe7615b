#include "connection.hpp"

#include <algorithm>
#include <array>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

#include "head.hpp"
#include "hub.hpp"
#include "target.hpp"

namespace console::http {

namespace {

namespace beast = boost::beast;
using Http = beast::http::field;

constexpr std::size_t read_bytes = 8U << 10U;
constexpr std::size_t body_read_bytes = 64U << 10U;
constexpr std::chrono::milliseconds linger_time{1'000};
constexpr std::size_t most_lingered = 1U << 20U;
constexpr std::string_view end_of_head = "\r\n\r\n";

std::string_view view_of(const beast::flat_buffer& buffer) noexcept {
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

template <class Fields>
void copy_fields(const Fields& from, Request& to) {
    const auto copy = [&](Field field, const auto& name) {
        const auto value = from[name];
        to[field].assign(value.data(), value.size());
    };
    copy(Field::accept, Http::accept);
    copy(Field::content_type, Http::content_type);
    copy(Field::host, Http::host);
    copy(Field::if_none_match, Http::if_none_match);
    copy(Field::last_event_id, "Last-Event-ID");
    copy(Field::origin, Http::origin);
    copy(Field::fetch_site, "Sec-Fetch-Site");
    copy(Field::hook_id, "webhook-id");
    copy(Field::hook_timestamp, "webhook-timestamp");
    copy(Field::hook_signature, "webhook-signature");
    copy(Field::traceparent, "traceparent");
    copy(Field::upgrade, Http::upgrade);
}

Method method_of(beast::http::verb verb) noexcept {
    switch (verb) {
    case beast::http::verb::get: return Method::get;
    case beast::http::verb::head: return Method::head;
    case beast::http::verb::post: return Method::post;
    default: return Method::other;
    }
}

} // namespace

void Asker::answer(Response response) const {
    if (const auto connection = connection_.lock()) {
        connection->answer(request_, std::move(response));
    }
}

void Connection::enter(Phase phase, std::chrono::milliseconds time) {
    phase_ = phase;
    deadline_ = Clock::now() + time;
}

void Connection::begin(std::string_view before) {
    ground_.connections.emplace(this, shared_from_this());
    if (before.empty()) {
        wait_for_request();
        return;
    }
    const auto space = buffer_.prepare(before.size());
    std::ranges::copy(before, static_cast<char*>(space.data()));
    buffer_.commit(before.size());
    enter(Phase::head, ground_.limits.head_time);
    advance();
}

// Waits without a buffer: most connections do nothing most of the time.
void Connection::wait_for_request() {
    enter(Phase::idle, ground_.limits.idle_time);
    parser_.reset();
    if (buffer_.size() > 0) {
        enter(Phase::head, ground_.limits.head_time);
        advance();
        return;
    }
    buffer_.shrink_to_fit();
    if (ground_.leaving) {
        hand_over();
        return;
    }
    reading_ = true;
    socket_.async_wait(Socket::wait_read, [self = shared_from_this()](Code error) {
        self->reading_ = false;
        if (self->phase_ != Phase::idle) {
            return;
        }
        if (error) {
            self->on_read(error, 0);
            return;
        }
        self->enter(Phase::head, self->ground_.limits.head_time);
        self->read();
    });
}

void Connection::read() {
    const std::size_t most = phase_ == Phase::head ? read_bytes : body_read_bytes;
    reading_ = true;
    socket_.async_read_some(buffer_.prepare(most),
                            [self = shared_from_this()](Code error, std::size_t size) {
                                self->reading_ = false;
                                self->on_read(error, size);
                            });
}

void Connection::on_read(Code error, std::size_t size) {
    if (phase_ == Phase::over) {
        return;
    }
    if (error) {
        if (ground_.leaving && error == asio::error::operation_aborted &&
            (phase_ == Phase::idle || phase_ == Phase::head)) {
            hand_over();
        } else {
            close();
        }
        return;
    }
    if (phase_ == Phase::lingering) {
        lingered_ += size;
        buffer_.clear();
        lingered_ > most_lingered ? close() : read();
        return;
    }
    buffer_.commit(size);
    advance();
}

void Connection::advance() {
    if (phase_ == Phase::head) {
        advance_head();
    } else {
        advance_body();
    }
}

void Connection::advance_head() {
    if (ground_.leaving) { // the next generation has an agent that answers
        hand_over();
        return;
    }
    const std::string_view seen = view_of(buffer_);
    const std::size_t end = seen.find(end_of_head);
    const std::size_t size = end == std::string_view::npos ? seen.size() : end;
    if (size > ground_.limits.head_bytes) {
        refuse(failure(431, "the head of a request has 16 KiB at most"));
        return;
    }
    if (end == std::string_view::npos) {
        read();
        return;
    }
    ++request_number_;
    ground_.tally.requests.add();
    request_ = Request();
    if (auto wrong = take_head()) {
        refuse(std::move(*wrong));
    } else if (parser_->is_done()) {
        serve();
    } else {
        enter(Phase::body, ground_.limits.body_time);
        advance_body();
    }
}

// The head into request_; or what is wrong with it.
std::optional<Response> Connection::take_head() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(ground_.limits.head_bytes + 4));
    parser_->body_limit(ground_.limits.body_bytes);
    const std::string_view seen = view_of(buffer_);
    const std::size_t size = seen.find(end_of_head) + end_of_head.size();
    Code error;
    buffer_.consume(parser_->put(asio::const_buffer(seen.data(), size), error));
    if (error == beast::http::error::body_limit) {
        return failure(413, "the body is too large");
    }
    if (error || !parser_->is_header_done()) {
        return failure(400, error ? error.message() : "the head is not complete");
    }
    const auto& head = parser_->get();
    const auto [first, last] = head.equal_range(Http::host);
    if (std::distance(first, last) > 1 || (head.version() == 11 && first == last)) {
        return failure(400, "one Host header is wanted");
    }
    // Beast takes others that end in "chunked" or stand before it: proxies may see no body there.
    const auto [encoding, encodings_end] = head.equal_range(Http::transfer_encoding);
    if (encoding != encodings_end &&
        (std::distance(encoding, encodings_end) > 1 || head.version() < 11 ||
         !beast::iequals(encoding->value(), "chunked"))) {
        return failure(400, "no Transfer-Encoding but chunked is taken");
    }
    keep_alive_ = parser_->keep_alive();
    const auto target = head.target();
    auto parsed = parse_target({target.data(), target.size()});
    if (!parsed) {
        return failure(400, "the target of the request is not well formed");
    }
    request_.entrance = entrance_;
    request_.method = method_of(head.method());
    request_.target = std::move(*parsed);
    copy_fields(head, request_);
    return parser_->is_done() ? std::nullopt : expect_body();
}

std::optional<Response> Connection::expect_body() {
    const std::uint64_t limit = ground_.site.body_limit(request_);
    const auto length = parser_->content_length();
    if (limit == 0 || length.value_or(0) > limit) {
        return failure(413, limit == 0 ? "no body is wanted here" : "the body is too large");
    }
    parser_->body_limit(limit);
    const auto expect = parser_->get()[Http::expect];
    if (buffer_.size() == 0 && beast::iequals(expect, "100-continue")) {
        static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        Code ignored; // a client that does not read it sends its body all the same
        socket_.write_some(asio::const_buffer(go_on.data(), go_on.size()), ignored);
    }
    return std::nullopt;
}

void Connection::advance_body() {
    while (buffer_.size() > 0 && !parser_->is_done()) {
        Code error;
        const std::size_t used = parser_->put(buffer_.data(), error);
        buffer_.consume(used);
        if (error == beast::http::error::need_more) {
            break;
        }
        if (error) {
            refuse(error == beast::http::error::body_limit ? failure(413, "the body is too large")
                                                           : failure(400, error.message()));
            return;
        }
    }
    if (parser_->is_done()) {
        request_.body = std::move(parser_->get().body());
        serve();
    } else if (buffer_.size() > body_read_bytes) { // a chunk's head without an end
        refuse(failure(400, "the body is not well formed"));
    } else {
        read();
    }
}

void Connection::serve() {
    enter(Phase::serving, ground_.limits.answer_time);
    const std::uint64_t number = request_number_;
    auto response = ground_.site.serve(request_, Asker(weak_from_this(), number));
    if (response) {
        answer(number, std::move(*response));
    }
}

void Connection::answer(std::uint64_t request, Response response) {
    if (phase_ == Phase::serving && request == request_number_) {
        respond(std::move(response));
    }
}

void Connection::refuse(Response response) {
    keep_alive_ = false;
    respond(std::move(response));
}

void Connection::respond(Response response) {
    if (response.status >= 400 && response.status < 500) {
        ground_.tally.refused.add();
    }
    response_ = std::move(response);
    if (response_.then == Then::web_socket) {
        become(Then::web_socket);
        return;
    }
    const bool bodiless = request_.method == Method::head || response_.status == 304;
    write_head(response_, {.keep_alive = keep_alive_, .body = !bodiless}, ground_.date, head_);
    const std::size_t size = bodiless || !response_.body ? 0 : response_.body->size();
    enter(Phase::writing,
          ground_.limits.write_time +
              std::chrono::seconds(static_cast<std::int64_t>(size / ground_.limits.write_rate)));
    const std::array<asio::const_buffer, 2> parts{
        asio::buffer(head_), size > 0 ? asio::buffer(*response_.body) : asio::const_buffer()};
    asio::async_write(socket_, parts, [self = shared_from_this()](Code error, std::size_t) {
        self->on_written(error);
    });
}

void Connection::on_written(Code error) {
    if (phase_ != Phase::writing) {
        return;
    }
    if (error) {
        close();
    } else if (response_.then != Then::next) {
        become(response_.then);
    } else if (keep_alive_) {
        response_ = Response();
        wait_for_request();
    } else {
        linger();
    }
}

// Gives the socket away.
void Connection::become(Then then) {
    finish();
    if (then == Then::stream) {
        ground_.hub->join(std::move(socket_), response_.topics, request_[Field::last_event_id]);
    } else {
        ground_.hub->talk(std::move(socket_), parser_->release());
    }
}

// What the client still sends is read, or it would never see the answer.
void Connection::linger() {
    Code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    if (ground_.leaving) { // all that was sent has been read
        close();
        return;
    }
    enter(Phase::lingering, linger_time);
    buffer_.clear();
    read();
}

void Connection::look() {
    if (phase_ != Phase::over && ground_.now >= deadline_) {
        if (phase_ == Phase::serving) {
            keep_alive_ = false;
            respond(failure(504, "there was no answer in time"));
            return;
        }
        if (phase_ != Phase::lingering) {
            ground_.tally.timed_out.add();
        }
        close();
    }
}

void Connection::leave() {
    if (phase_ == Phase::serving) {
        keep_alive_ = false;
        auto response = failure(503, "the console is being reloaded");
        response.retry_after_s = 1;
        respond(std::move(response));
    } else if ((phase_ == Phase::idle || phase_ == Phase::head) && reading_) {
        Code ignored;
        socket_.cancel(ignored);
    } else if (phase_ == Phase::lingering) {
        close();
    }
}

void Connection::finish() {
    phase_ = Phase::over;
    // Kept until then, so that no other takes its address.
    asio::post(ground_.io,
               [self = shared_from_this()] { self->ground_.connections.erase(self.get()); });
}

void Connection::hand_over() {
    finish();
    Code error;
    const int fd = socket_.release(error);
    if (!error) {
        std::string state = entrance_ == Entrance::main ? "m" : "p";
        state.append(view_of(buffer_));
        ground_.kept.push_back({noa::sdk::Fd(fd), std::move(state)});
    }
}

void Connection::close() {
    finish();
    Code ignored;
    socket_.close(ignored);
}

} // namespace console::http
