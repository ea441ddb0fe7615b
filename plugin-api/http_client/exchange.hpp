// One POST over HTTP/1.1 and what came of it, by libcurl. No redirect is followed and no proxy
// asked, whatever the environment says; certificates are checked against the system's or one file.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>

namespace noa::http {

struct CloseCurl {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, CloseCurl>;
using List = std::unique_ptr<curl_slist, CloseCurl>;

struct Post {
    std::string url;                  // http:// or https://
    std::vector<std::string> headers; // "Name: value", without control characters
    std::string body;
    std::string ca; // a file of certificates; empty: the system's
    std::chrono::milliseconds timeout = std::chrono::seconds(10); // of all of it (1 ms at least)
};

struct Answer {
    std::uint32_t status = 0; // 0: there was none, or not to its end
    bool late = false;        // because time was up
    std::string why;          // a word on which step failed, and libcurl's: no path, no header
    std::optional<std::chrono::seconds> retry_after; // as the server wants it
};

// What comes of the body, with the answer's status. False: that is enough, and the exchange ends
// as though all had come.
using Hear = std::function<bool(std::uint32_t status, std::string_view bytes)>;

// Owns what libcurl points to, so it stays where it is. One thread at a time.
class Exchange {
public:
    // Without `hear` the answer's head is enough.
    explicit Exchange(Post post, Hear hear = {});
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // For a curl_multi; its CURLOPT_PRIVATE is this Exchange. NULL: `ended` says why.
    [[nodiscard]] CURL* handle() const noexcept { return good_ ? handle_.get() : nullptr; }
    // What came of it, when libcurl is done with the handle.
    [[nodiscard]] Answer ended(CURLcode code) const;

    // Waits for it, or until it is asked to stop, within a second.
    [[nodiscard]] Answer perform(const std::stop_token& stop);

private:
    static constexpr std::size_t longest_head = 16U << 10U;

    [[nodiscard]] bool add_headers();
    [[nodiscard]] bool set_up();
    [[nodiscard]] std::uint32_t status() const;
    static std::size_t take_head(const char* bytes, std::size_t size, std::size_t count,
                                 void* user);
    static std::size_t take_body(const char* bytes, std::size_t size, std::size_t count,
                                 void* user);
    static int look_at_stop(void* user, curl_off_t to, curl_off_t down, curl_off_t of,
                            curl_off_t up);

    Post post_;
    Hear hear_;
    Handle handle_;
    List headers_;
    std::array<char, CURL_ERROR_SIZE> why_{};
    std::stop_token stop_;
    std::size_t head_bytes_ = 0;
    bool enough_ = false; // of the answer
    bool good_ = false;
};

} // namespace noa::http
