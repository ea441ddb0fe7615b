#include "post.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "../alerts/curl_handle.hpp"

namespace monitor {

namespace {

constexpr std::size_t most_answer = std::size_t{64} << 10U;
constexpr std::chrono::seconds longest_wait{300};

std::size_t keep_answer(const char* bytes, std::size_t size, std::size_t count, void* user) {
    auto& answer = *static_cast<std::string*>(user);
    answer.append(bytes,
                  std::min(size * count, most_answer - std::min(answer.size(), most_answer)));
    return size * count;
}

// libcurl calls it about once a second at least.
int look_at_stop(void* user, curl_off_t /*to*/, curl_off_t /*down*/, curl_off_t /*of*/,
                 curl_off_t /*up*/) {
    return static_cast<const std::stop_token*>(user)->stop_requested() ? 1 : 0;
}

} // namespace

Posted post_json(const PostTerms& terms, const std::string& body, const std::stop_token& stop) {
    const CurlHandle handle(curl_easy_init());
    CurlList headers;
    const auto add = [&headers](const std::string& line) {
        auto* longer = curl_slist_append(headers.get(), line.c_str());
        if (longer != nullptr) {
            static_cast<void>(headers.release());
            headers.reset(longer);
        }
        return longer != nullptr;
    };
    Posted out;
    if (!handle || !add("Content-Type: application/json") || !add("Expect:") ||
        (!terms.authorization.empty() && !add("Authorization: " + terms.authorization))) {
        out.text = "no memory";
        return out;
    }
    std::array<char, CURL_ERROR_SIZE> why{};
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(terms.timeout).count();
    const auto set = [&](CURLoption option, auto value) {
        return curl_easy_setopt(handle.get(), option, value) == CURLE_OK;
    };
    bool good = set(CURLOPT_URL, terms.url.c_str()) && set(CURLOPT_PROTOCOLS_STR, "http,https") &&
                set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_ERRORBUFFER, why.data()) &&
                set(CURLOPT_TIMEOUT_MS, static_cast<long>(milliseconds)) &&
                set(CURLOPT_USERAGENT, "noa-monitor/1") && set(CURLOPT_HTTPHEADER, headers.get()) &&
                set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size())) &&
                set(CURLOPT_POSTFIELDS, body.c_str()) && set(CURLOPT_WRITEFUNCTION, keep_answer) &&
                set(CURLOPT_WRITEDATA, &out.answer) && set(CURLOPT_NOPROGRESS, 0L) &&
                set(CURLOPT_XFERINFOFUNCTION, look_at_stop) && set(CURLOPT_XFERINFODATA, &stop);
    if (!terms.ca.empty()) {
        good = good && set(CURLOPT_CAINFO, terms.ca.c_str());
    }
    const CURLcode code = good ? curl_easy_perform(handle.get()) : CURLE_FAILED_INIT;
    if (code != CURLE_OK) {
        out.text = why[0] != '\0' ? why.data() : curl_easy_strerror(code);
        return out;
    }
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    out.status = static_cast<std::uint32_t>(status);
    curl_off_t wait = 0;
    if (curl_easy_getinfo(handle.get(), CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0) {
        out.retry_after = std::min<noa::Duration>(std::chrono::seconds(wait), longest_wait);
    }
    return out;
}

} // namespace monitor
