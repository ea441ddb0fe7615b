#include "head.hpp"

#include <array>
#include <ctime>

#include "noa/sdk/json_text.hpp"

namespace console::http {

Response json_response(unsigned status, std::string body) {
    Response response;
    response.status = status;
    response.body = text_of(std::move(body));
    return response;
}

Response failure(unsigned status, std::string_view text) {
    std::string body;
    {
        noa::sdk::JsonObject object(body);
        object.add("error", text);
    }
    return json_response(status, std::move(body));
}

std::string_view reason_of(unsigned status) noexcept {
    switch (status) {
    case 200: return "OK";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 421: return "Misdirected Request";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Error";
    }
}

std::string http_date(std::int64_t unix_s) {
    const auto seconds = static_cast<std::time_t>(unix_s);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %T GMT", &parts);
    return {text.data(), size};
}

void write_head(const Response& response, HeadOptions options, std::string_view date,
                std::string& out) {
    out.clear();
    out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    out.append(reason_of(response.status)).append("\r\nDate: ").append(date).append("\r\n");
    out.append(security_headers);
    if (response.then == Then::stream) {
        out.append("Content-Type: text/event-stream\r\nCache-Control: no-store\r\n"
                   "X-Accel-Buffering: no\r\nConnection: close\r\n\r\n");
        return;
    }
    const std::size_t size = response.body ? response.body->size() : 0;
    if (response.status != 304) {
        out.append("Content-Length: ").append(std::to_string(size)).append("\r\n");
    }
    if (size > 0) {
        out.append("Content-Type: ").append(response.type).append("\r\n");
    }
    if (!response.encoding.empty()) {
        out.append("Content-Encoding: ").append(response.encoding).append("\r\n");
    }
    if (response.tag.empty()) {
        out.append("Cache-Control: no-store\r\n");
    } else {
        out.append("Cache-Control: no-cache\r\nETag: ").append(response.tag).append("\r\n");
    }
    if (response.retry_after_s > 0) {
        out.append("Retry-After: ").append(std::to_string(response.retry_after_s)).append("\r\n");
    }
    if (!response.allow.empty()) {
        out.append("Allow: ").append(response.allow).append("\r\n");
    }
    if (!response.traceparent.empty()) {
        out.append("traceparent: ").append(response.traceparent).append("\r\n");
    }
    out.append(options.keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

} // namespace console::http
