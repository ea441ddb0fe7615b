#include "post.hpp"

#include <algorithm>

#include "http_client/exchange.hpp"

namespace monitor {

namespace {

constexpr std::size_t most_answer = std::size_t{64} << 10U;
constexpr std::chrono::seconds longest_wait{300};

} // namespace

Posted post_json(const PostTerms& terms, const std::string& body, const std::stop_token& stop) {
    noa::http::Post post{terms.url,
                         {"Content-Type: application/json"},
                         body,
                         terms.ca,
                         std::chrono::ceil<std::chrono::milliseconds>(terms.timeout)};
    if (!terms.authorization.empty()) {
        post.headers.push_back("Authorization: " + terms.authorization);
    }
    Posted out;
    noa::http::Exchange exchange(std::move(post), [&out](std::uint32_t, std::string_view bytes) {
        out.answer.append(bytes.substr(0, most_answer - out.answer.size()));
        return out.answer.size() < most_answer;
    });
    noa::http::Answer answer = exchange.perform(stop);
    out.status = answer.status;
    out.text = std::move(answer.why);
    if (answer.retry_after) {
        out.retry_after = std::min<noa::Duration>(*answer.retry_after, longest_wait);
    }
    return out;
}

} // namespace monitor
