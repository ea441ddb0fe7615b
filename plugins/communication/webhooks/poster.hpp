// Posts over HTTP, on a thread of its own; what comes of them on the lane.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "endpoint.hpp"
#include "noa/sdk/function.hpp"

namespace communication {

struct Post {
    Endpoint endpoint;
    std::string body;
    std::string content_type;
    std::string id;
    std::string timestamp;
    std::string signature;
    std::string traceparent;                          // empty: none
    noa::Duration timeout = std::chrono::seconds(30); // of all of it
};

struct Posted {
    noa_status status = NOA_OK;
    std::string text;
    noa::Duration retry_after{0};
};

// Of a code that an endpoint answers with: below 300 it has it; 410 and 413 are for good.
[[nodiscard]] Posted posted_with(unsigned code, std::chrono::seconds retry_after);

// A connection for each post: no redirect is followed, and of an answer nothing but its head is of
// interest. Certificates are checked against the system's, or against the endpoint's own.
class Poster {
public:
    using Done = noa::sdk::Function<void(const Posted&)>;

    // `ring` has take_done called on the lane, soon.  [any] on which it is called
    explicit Poster(noa::sdk::Function<void()> ring);
    Poster(const Poster&) = delete;
    Poster& operator=(const Poster&) = delete;
    ~Poster();

    // Not after finish.  [lane]
    void post(Post what, Done done);
    // Calls those whose posts ended.  [lane]
    void take_done();
    // Waits for what is under way, `patience` at most; the rest is never heard of.  [lane]
    void finish(noa::Duration patience) noexcept;

private:
    struct Shared;
    std::unique_ptr<Shared> shared_;
};

} // namespace communication
