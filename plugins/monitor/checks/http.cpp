#include "http.hpp"

#include <algorithm>

namespace monitor {

namespace {

std::string head_of(std::string_view method, const Endpoint& endpoint) {
    const bool address = endpoint.host.find(':') != std::string::npos;
    std::string host = address ? "[" + endpoint.host + "]" : endpoint.host;
    if (endpoint.port != (endpoint.tls ? "443" : "80")) {
        host += ":" + endpoint.port;
    }
    return std::string(method) + " " + endpoint.path + " HTTP/1.0\r\nHost: " + host +
           "\r\nUser-Agent: noa-monitor/1\r\nAccept: */*\r\nConnection: close\r\n";
}

} // namespace

std::string http_request(const Endpoint& endpoint) {
    return head_of("GET", endpoint) + "\r\n";
}

std::string http_post(const Endpoint& endpoint, const std::string& body) {
    return head_of("POST", endpoint) +
           "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

HttpAnswer::State HttpAnswer::feed(std::string_view bytes) {
    if (state_ != State::more) {
        return state_;
    }
    bytes_.append(
        bytes.substr(0, max_head + max_body - std::min(bytes_.size(), max_head + max_body)));
    return state_ = body_ == 0 ? read_head() : look();
}

HttpAnswer::State HttpAnswer::read_head() {
    // "HTTP/1.1 200", and then a blank or the end of the line.
    constexpr std::size_t at = 9;
    constexpr std::size_t status_end = at + 3;
    constexpr std::string_view begin = "HTTP/1.";
    const std::string_view head = bytes_;
    const auto length = std::min(head.size(), begin.size());
    if (head.substr(0, length) != begin.substr(0, length)) {
        return State::broken;
    }
    if (head.size() <= status_end) {
        return State::more;
    }
    const auto digit = [&](std::size_t place) { return head[place] >= '0' && head[place] <= '9'; };
    if (!digit(begin.size()) || head[at - 1] != ' ' || !digit(at) || !digit(at + 1) ||
        !digit(at + 2) ||
        (head[status_end] != ' ' && head[status_end] != '\r' && head[status_end] != '\n')) {
        return State::broken;
    }
    status_ = 0;
    for (std::size_t place = at; place < status_end; ++place) {
        status_ = status_ * 10 + static_cast<std::uint32_t>(head[place] - '0');
    }
    if (wanted_.empty()) {
        return State::done;
    }
    const auto end = head.find("\r\n\r\n");
    if (end > max_head) { // or is none
        return head.size() > max_head ? State::broken : State::more;
    }
    body_ = end + 4;
    return look();
}

HttpAnswer::State HttpAnswer::look() {
    const std::string_view body = std::string_view(bytes_).substr(body_);
    found_ = body.find(wanted_) != std::string_view::npos;
    return found_ || body.size() >= max_body ? State::done : State::more;
}

HttpAnswer::State HttpAnswer::end() {
    if (state_ == State::more) {
        state_ = body_ == 0 ? State::broken : State::done;
    }
    return state_;
}

} // namespace monitor
