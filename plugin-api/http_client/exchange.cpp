#include "exchange.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <utility>

namespace noa::http {

namespace {

constexpr std::string_view step_of(CURLcode code) {
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return "name of the host: ";
    case CURLE_COULDNT_CONNECT: return "connect: ";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION: return "TLS: ";
    case CURLE_SEND_ERROR: return "send: ";
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_URL_MALFORMAT: return "request: ";
    default: return "answer: ";
    }
}

// Names are looked up on threads of libcurl's own, which cannot be given up: one whose exchange is
// over is left to itself, and must find libcurl's code when it ends, though the plugin is unloaded.
bool keep_libcurl() {
    Dl_info place{};
    return ::dladdr(reinterpret_cast<const void*>(&curl_easy_init), &place) != 0 &&
           ::dlopen(place.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE) != nullptr;
}

bool is_header(std::string_view line) {
    return line.find(':') != std::string_view::npos && std::ranges::none_of(line, [](char letter) {
               return static_cast<unsigned char>(letter) < 0x20U || letter == 0x7F;
           });
}

} // namespace

Exchange::Exchange(Post post, Hear hear)
    : post_(std::move(post)), hear_(std::move(hear)), handle_(curl_easy_init()) {
    good_ = handle_ != nullptr && add_headers() && set_up();
}

bool Exchange::add_headers() {
    post_.headers.emplace_back("Expect:"); // a body is sent without leave
    for (const std::string& line : post_.headers) {
        auto* longer = is_header(line) ? curl_slist_append(headers_.get(), line.c_str()) : nullptr;
        if (longer == nullptr) {
            return false;
        }
        static_cast<void>(headers_.release());
        headers_.reset(longer);
    }
    return true;
}

bool Exchange::set_up() {
    const auto set = [this](CURLoption option, auto value) {
        return curl_easy_setopt(handle_.get(), option, value) == CURLE_OK;
    };
    static const bool kept = keep_libcurl();
    return set(CURLOPT_QUICK_EXIT, kept ? 1L : 0L) && set(CURLOPT_URL, post_.url.c_str()) &&
           set(CURLOPT_PROTOCOLS_STR, "http,https") && set(CURLOPT_PATH_AS_IS, 1L) &&
           set(CURLOPT_PROXY, "") && set(CURLOPT_NOSIGNAL, 1L) &&
           set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1)) &&
           set(CURLOPT_FORBID_REUSE, 1L) && set(CURLOPT_ERRORBUFFER, why_.data()) &&
           set(CURLOPT_TIMEOUT_MS,
               static_cast<long>(std::max<std::int64_t>(post_.timeout.count(), 1))) &&
           set(CURLOPT_USERAGENT, "noa") && set(CURLOPT_HTTPHEADER, headers_.get()) &&
           set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post_.body.size())) &&
           set(CURLOPT_POSTFIELDS, post_.body.data()) && set(CURLOPT_PRIVATE, this) &&
           set(CURLOPT_HEADERFUNCTION, take_head) && set(CURLOPT_HEADERDATA, this) &&
           set(CURLOPT_WRITEFUNCTION, take_body) && set(CURLOPT_WRITEDATA, this) &&
           (post_.ca.empty() || set(CURLOPT_CAINFO, post_.ca.c_str()));
}

std::uint32_t Exchange::status() const {
    long status = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    return static_cast<std::uint32_t>(status);
}

Answer Exchange::ended(CURLcode code) const {
    Answer answer;
    if (!good_) {
        answer.why = "request: it cannot be made: no memory, or a header with control characters";
        return answer;
    }
    if (code != CURLE_OK && !enough_) {
        answer.late = code == CURLE_OPERATION_TIMEDOUT;
        answer.why =
            std::string(step_of(code)) + (why_[0] != '\0' ? why_.data() : curl_easy_strerror(code));
        return answer;
    }
    answer.status = status();
    curl_off_t wait = 0;
    if (curl_easy_getinfo(handle_.get(), CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0) {
        answer.retry_after = std::chrono::seconds(wait);
    }
    return answer;
}

Answer Exchange::perform(const std::stop_token& stop) {
    stop_ = stop;
    if (good_) {
        good_ = curl_easy_setopt(handle_.get(), CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
                curl_easy_setopt(handle_.get(), CURLOPT_XFERINFODATA, this) == CURLE_OK &&
                curl_easy_setopt(handle_.get(), CURLOPT_XFERINFOFUNCTION, look_at_stop) == CURLE_OK;
    }
    return ended(good_ ? curl_easy_perform(handle_.get()) : CURLE_FAILED_INIT);
}

// A blank line ends the head, or that of an informational answer before it.
std::size_t Exchange::take_head(const char* bytes, std::size_t size, std::size_t count,
                                void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    const std::string_view line(bytes, size * count);
    exchange.head_bytes_ += line.size();
    if (exchange.head_bytes_ > longest_head) {
        return 0;
    }
    const bool blank = line == "\r\n" || line == "\n";
    exchange.enough_ = blank && !exchange.hear_ && exchange.status() >= 200;
    return exchange.enough_ ? 0 : line.size();
}

std::size_t Exchange::take_body(const char* bytes, std::size_t size, std::size_t count,
                                void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    const std::string_view got(bytes, size * count);
    exchange.enough_ = exchange.enough_ || !exchange.hear_(exchange.status(), got);
    return exchange.enough_ ? 0 : got.size();
}

// libcurl calls it about once a second at least.
int Exchange::look_at_stop(void* user, curl_off_t /*to*/, curl_off_t /*down*/, curl_off_t /*of*/,
                           curl_off_t /*up*/) {
    return static_cast<const Exchange*>(user)->stop_.stop_requested() ? 1 : 0;
}

} // namespace noa::http
