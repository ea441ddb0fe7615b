#include "poster.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "http_client/exchange.hpp"

namespace communication {

namespace {

constexpr std::chrono::hours longest_pause{1};
constexpr int longest_poll_ms = 600'000; // libcurl's own clocks and whoever posts end it sooner

struct EndMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

noa::http::Post post_of(Post&& what) {
    noa::http::Post post;
    post.url = (what.endpoint.tls ? "https://" : "http://") + what.endpoint.authority() +
               what.endpoint.target;
    post.headers = {"Content-Type: " + what.content_type, "webhook-id: " + what.id,
                    "webhook-timestamp: " + what.timestamp, "webhook-signature: " + what.signature};
    if (!what.traceparent.empty()) {
        post.headers.push_back("traceparent: " + what.traceparent);
    }
    post.body = std::move(what.body);
    post.ca = std::move(what.endpoint.ca);
    post.timeout = std::chrono::ceil<std::chrono::milliseconds>(what.timeout);
    return post;
}

Posted posted_as(const noa::http::Answer& answer) {
    if (answer.status == 0) {
        return {answer.late ? NOA_E_EXPIRED : NOA_E_UNAVAILABLE,
                answer.late ? "time is up" : answer.why,
                {}};
    }
    return posted_with(answer.status, answer.retry_after.value_or(std::chrono::seconds(0)));
}

} // namespace

Posted posted_with(unsigned code, std::chrono::seconds retry_after) {
    if (code >= 200 && code < 300) {
        return {};
    }
    Posted posted{NOA_E_UNAVAILABLE, "HTTP " + std::to_string(code), {}};
    posted.status = code == 410 ? NOA_E_NOT_FOUND : code == 413 ? NOA_E_TOO_LARGE : posted.status;
    posted.retry_after = std::min<std::chrono::seconds>(retry_after, longest_pause);
    return posted;
}

struct Poster::Shared {
    explicit Shared(noa::sdk::Function<void()> ring_with)
        : ring(std::move(ring_with)), curl(curl_multi_init()) {
        thread = std::thread([this] { run(); });
    }

    struct Waiting {
        Post what;
        Done done;
    };
    struct UnderWay {
        UnderWay(Post&& what, Done with)
            : exchange(post_of(std::move(what))), done(std::move(with)) {}
        noa::http::Exchange exchange;
        Done done;
    };

    void run() {
        while (!ending) {
            begin_waiting();
            int running = 0;
            curl_multi_perform(curl.get(), &running);
            take_ended();
            curl_multi_poll(curl.get(), nullptr, 0, longest_poll_ms, nullptr);
        }
        for (auto& [handle, one] : under_way) {
            curl_multi_remove_handle(curl.get(), handle);
        }
        under_way.clear();
    }

    void begin_waiting() {
        std::vector<Waiting> begun;
        {
            const std::lock_guard lock(mutex);
            begun.swap(waiting);
        }
        for (Waiting& one : begun) {
            auto next = std::make_unique<UnderWay>(std::move(one.what), std::move(one.done));
            CURL* handle = next->exchange.handle();
            if (handle == nullptr || curl_multi_add_handle(curl.get(), handle) != CURLM_OK) {
                ended(std::move(next->done), posted_as(next->exchange.ended(CURLE_FAILED_INIT)));
            } else {
                under_way.emplace(handle, std::move(next));
            }
        }
    }

    void take_ended() {
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(curl.get(), &left)) {
            const auto found = under_way.find(message->easy_handle);
            if (message->msg != CURLMSG_DONE || found == under_way.end()) {
                continue;
            }
            const CURLcode code = message->data.result;
            curl_multi_remove_handle(curl.get(), found->first);
            const auto one = std::move(under_way.extract(found).mapped());
            ended(std::move(one->done), posted_as(one->exchange.ended(code)));
        }
    }

    void ended(Done done, Posted posted) {
        bool first = false;
        {
            const std::lock_guard lock(mutex);
            first = over.empty();
            over.emplace_back(std::move(done), std::move(posted));
            --open;
        }
        idle.notify_all();
        if (first) {
            ring();
        }
    }

    noa::sdk::Function<void()> ring;
    std::unique_ptr<CURLM, EndMulti> curl;
    std::map<CURL*, std::unique_ptr<UnderWay>> under_way; // of the thread
    std::mutex mutex;
    std::condition_variable idle;
    std::vector<Waiting> waiting;              // guarded by mutex
    std::vector<std::pair<Done, Posted>> over; // guarded by mutex; not empty: a ring is under way
    std::size_t open = 0;                      // guarded by mutex; posts that have not ended
    std::atomic<bool> ending = false;
    std::thread thread;
};

Poster::Poster(noa::sdk::Function<void()> ring)
    : shared_(std::make_unique<Shared>(std::move(ring))) {}

Poster::~Poster() {
    finish(noa::Duration::zero());
}

void Poster::post(Post what, Done done) {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->waiting.push_back({std::move(what), std::move(done)});
        ++shared_->open;
    }
    curl_multi_wakeup(shared_->curl.get());
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
        shared_->idle.wait_for(lock, patience, [this] { return shared_->open == 0; });
    }
    shared_->ending = true;
    curl_multi_wakeup(shared_->curl.get());
    shared_->thread.join();
}

} // namespace communication
