#include "mail.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <memory>
#include <string_view>

#include <sodium/utils.h>

#include "channel.hpp"
#include "http_client/exchange.hpp"

namespace monitor {

namespace {

constexpr std::size_t longest_address = 254;
constexpr std::size_t mailed_alerts = 50;
constexpr std::size_t line_bytes = 57; // of a line of base64: 76 letters
constexpr std::size_t longest_subject = 120;

std::string base64(std::string_view bytes) {
    std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(),
                      reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    text.pop_back(); // its zero
    return text;
}

// RFC 2047, in words of at most 75 letters; cut at a character.
std::string encoded_words(std::string_view text) {
    constexpr std::size_t word_bytes = 42;
    std::string out;
    while (!text.empty()) {
        std::size_t size = std::min(text.size(), word_bytes);
        while (size < text.size() && size > 1 &&
               (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) {
            --size;
        }
        out += out.empty() ? "" : "\r\n ";
        out += "=?utf-8?B?" + base64(text.substr(0, size)) + "?=";
        text.remove_prefix(size);
    }
    return out;
}

std::string mail_date(std::int64_t unix_ms) {
    const std::time_t seconds = unix_ms / 1000;
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %T +0000", &utc)};
}

std::string told(const Notice& notice, const WallClock& clock) {
    std::string text;
    for (std::size_t at = 0; at < std::min(notice.alerts.size(), mailed_alerts); ++at) {
        const Alert& alert = notice.alerts[at];
        text += alert.summary + "\n  since " + date_text(clock.unix_of(alert.since));
        text += notice.firing ? "\n" : ", over " + date_text(clock.unix_of(alert.resolved)) + "\n";
        for (const auto& [label, value] : alert.labels) {
            text.append("  ").append(label).append(": ").append(value).append("\n");
        }
    }
    if (notice.alerts.size() > mailed_alerts) {
        text += "and " + std::to_string(notice.alerts.size() - mailed_alerts) + " more\n";
    }
    return text;
}

std::size_t read_text(char* place, std::size_t size, std::size_t count, void* user) {
    auto& rest = *static_cast<std::string_view*>(user);
    const std::size_t taken = std::min(size * count, rest.size());
    std::memcpy(place, rest.data(), taken);
    rest.remove_prefix(taken);
    return taken;
}

} // namespace

bool is_mail_address(const std::string& text) {
    const std::size_t at = text.find('@');
    return at != std::string::npos && at > 0 && at + 1 < text.size() &&
           text.size() <= longest_address && text.find('@', at + 1) == std::string::npos &&
           std::ranges::all_of(text, [](char letter) {
               return letter > ' ' && letter < 0x7F &&
                      std::string_view("<>()[]\\,;:\"").find(letter) == std::string_view::npos;
           });
}

bool is_mail_server(const std::string& text) {
    const std::string_view whole = text;
    const std::size_t begin = whole.starts_with("smtp://")    ? 7
                              : whole.starts_with("smtps://") ? 8
                                                              : 0;
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
    return begin > 0 && whole.size() > begin && whole.size() <= longest_address &&
           whole.find_first_not_of(letters, begin) == std::string_view::npos;
}

std::string mail_text(const MailTerms& terms, const Notice& notice, const WallClock& clock,
                      const std::string& host) {
    std::string subject =
        (notice.firing ? "[" + std::string(name_of(notice.severity)) + "] " : "[over] ") +
        notice_text(notice);
    if (subject.size() > longest_subject) {
        std::size_t size = longest_subject;
        while (size > 0 && (static_cast<unsigned char>(subject[size]) & 0xC0U) == 0x80U) {
            --size;
        }
        subject = subject.substr(0, size) + "…";
    }
    std::string out = "From: <" + terms.from + ">\r\nTo: ";
    for (const std::string& to : terms.to) {
        out += (&to == &terms.to.front() ? "<" : ",\r\n <") + to + ">";
    }
    out += "\r\nDate: " + mail_date(clock.unix_ms) + "\r\nSubject: " + encoded_words(subject) +
           "\r\nMessage-ID: <" + notice.rule + "." + std::to_string(clock.unix_ms) + "@" +
           terms.from.substr(terms.from.find('@') + 1) +
           ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
           "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    const std::string body = told(notice, clock) + "\n" + host + "\n";
    for (std::size_t at = 0; at < body.size(); at += line_bytes) {
        out += base64(std::string_view(body).substr(at, line_bytes)) + "\r\n";
    }
    return out;
}

noa::Status send_mail(const MailTerms& terms, const std::string& text) {
    const noa::http::Handle handle(curl_easy_init());
    noa::http::List recipients;
    for (const std::string& to : terms.to) {
        recipients.reset(curl_slist_append(recipients.release(), ("<" + to + ">").c_str()));
    }
    if (!handle || !recipients) {
        return noa::failed("send mail: no memory");
    }
    std::array<char, CURL_ERROR_SIZE> why{};
    std::string_view rest = text;
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(terms.timeout).count();
    const std::string from = "<" + terms.from + ">";
    const auto set = [&](CURLoption option, auto value) {
        return curl_easy_setopt(handle.get(), option, value) == CURLE_OK;
    };
    bool good = set(CURLOPT_URL, terms.server.c_str()) &&
                set(CURLOPT_PROTOCOLS_STR, "smtp,smtps") && set(CURLOPT_NOSIGNAL, 1L) &&
                set(CURLOPT_ERRORBUFFER, why.data()) &&
                set(CURLOPT_TIMEOUT_MS, static_cast<long>(milliseconds)) &&
                set(CURLOPT_MAIL_FROM, from.c_str()) && set(CURLOPT_MAIL_RCPT, recipients.get()) &&
                set(CURLOPT_UPLOAD, 1L) && set(CURLOPT_READFUNCTION, read_text) &&
                set(CURLOPT_READDATA, &rest) &&
                set(CURLOPT_USE_SSL,
                    static_cast<long>(terms.user.empty() ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    if (!terms.user.empty()) {
        good = good && set(CURLOPT_USERNAME, terms.user.c_str()) &&
               set(CURLOPT_PASSWORD, terms.password.c_str());
    }
    const CURLcode code = good ? curl_easy_perform(handle.get()) : CURLE_FAILED_INIT;
    return code == CURLE_OK ? noa::Status()
                            : noa::failed("send mail by " + terms.server + ": " +
                                          (why[0] != '\0' ? why.data() : curl_easy_strerror(code)));
}

} // namespace monitor
