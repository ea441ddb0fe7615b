// A plugin served from a process of its own: the lane that calls it, and what it asks of the host.
//
// The thread that runs it is the plugin's lane. What the host's lane knows and this one has to
// know as well (timers, readiness, kept messages, buffers, whom an answer belongs to) is kept
// here; everything else is asked of the host.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "bus/buffers.hpp"
#include "bus/readiness.hpp"
#include "bus/timers.hpp"
#include "link/lane_page.hpp"
#include "link/sealed.hpp"
#include "link_end.hpp"
#include "plugin/library.hpp"
#include "plugin/local_instance.hpp"
#include "served_arena.hpp"

namespace noa::runner {

class ServedLane final : private bus::Readiness::Watcher {
public:
    static constexpr std::size_t max_wakes = 65'536;
    static constexpr std::size_t max_kept = 65'536;

    ServedLane(UniqueFd socket, UniqueFd bell, std::string agent);
    ~ServedLane() override;
    ServedLane(const ServedLane&) = delete;
    ServedLane& operator=(const ServedLane&) = delete;

    // Until the object was destroyed, or the link is gone: the exit code.
    [[nodiscard]] int run();

    // For the host's table (host_table.cpp); each as noa/host.h says.
    [[nodiscard]] noa_context context() const noexcept { return context_; }
    [[nodiscard]] bool is_over() const noexcept { return over_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool on_lane() const noexcept;
    void log(std::uint32_t level, std::string_view event, std::string_view text);
    [[nodiscard]] noa_status resolve(std::string_view agent, noa_address& ret_address);
    [[nodiscard]] noa_status msg_alloc(std::uint64_t size, noa_buffer& ret_buffer);
    [[nodiscard]] noa_status msg_free(const noa_buffer& buffer);
    [[nodiscard]] noa_status retain(const noa_message& message, const noa_message** ret_kept);
    [[nodiscard]] noa_status release(const noa_message& kept);
    [[nodiscard]] noa_status send(link::Ask how, const noa_outgoing& message, std::uint64_t tag,
                                  noa_receipt* receipt);
    [[nodiscard]] noa_status send_many(const noa_outgoing* messages, std::uint32_t stride,
                                       std::uint32_t count, noa_receipt* receipt);
    [[nodiscard]] noa_status reply(noa_delivery delivery, const noa_outgoing& message);
    [[nodiscard]] noa_status settle(noa_delivery delivery, noa_status status, std::string_view text,
                                    std::uint32_t retry_after_ms);
    [[nodiscard]] noa_status subscribe(link::Ask how, std::string_view pattern);
    [[nodiscard]] noa_status wake(std::uint64_t tag);
    // of the extensions
    [[nodiscard]] noa_status arm(std::uint64_t tag, std::int64_t delay_ns, std::int64_t period_ns);
    [[nodiscard]] noa_status cancel(std::uint64_t tag);
    [[nodiscard]] noa_status state_dir(noa_str& ret_path);
    [[nodiscard]] noa_status facts(noa_agent_facts& ret_facts);
    [[nodiscard]] noa_status listen(std::string_view address, const noa_listen_options* options,
                                    std::int32_t& ret_fd, noa_error* error);
    [[nodiscard]] noa_status unlisten(std::string_view address);
    [[nodiscard]] noa_status keep(std::int32_t fd, noa_bytes state);
    [[nodiscard]] noa_status take(std::int32_t& ret_fd, noa_bytes& ret_state);
    [[nodiscard]] noa_status watch(std::int32_t fd, std::uint32_t events, std::uint64_t tag);
    [[nodiscard]] noa_status unwatch(std::int32_t fd);
    [[nodiscard]] bool has_arena() const noexcept { return has_arena_; }
    template <class Call>
    [[nodiscard]] noa_status with_arena(Call&& call) {
        return on_lane() ? std::forward<Call>(call)(arena_) : NOA_E_STATE;
    }
    // From any thread.
    [[nodiscard]] noa_status release_of_arena(std::uint64_t offset, std::uint64_t size) {
        return arena_.release(offset, size);
    }

private:
    enum class Phase : std::uint8_t { created, starting, running, leaving };
    struct Cause {
        std::uint16_t hops = 0;
        std::int64_t deadline_ns = 0;
        std::string traceparent;
    };
    struct Waiting { // a request of the plugin's
        std::uint64_t tag = 0;
        Cause cause;
    };
    // A message with what its views point into. Owners: the lane while it is in hand, and each
    // retain.
    struct Held {
        std::string payload;
        link::SealedView memory;
        noa_message message{};
    };
    struct Kept {
        noa_message view{};
        std::shared_ptr<const Held> held;
    };

    void has_ready() noexcept override;

    // served_calls.cpp
    void do_control(LinkEnd::Arrived& arrived);
    void do_call(LinkEnd::Arrived& arrived);
    [[nodiscard]] Result<void> load(link::Reader& in, LinkEnd::Arrived& arrived);
    [[nodiscard]] Result<void> start();
    [[nodiscard]] Result<void> quiesce(link::Reader& in);
    [[nodiscard]] Result<void> restore(link::Reader& in);
    void save(std::uint32_t id, link::Reader& in);
    void inspect(std::uint32_t id, link::Reader& in);
    void returned(std::uint32_t id, const Result<void>& result);
    void destroy(std::uint32_t id);
    void come_to_rest();
    [[nodiscard]] std::string settings_in(link::Reader& in, LinkEnd::Arrived& arrived);

    // served_lane.cpp
    void step_messages();
    void run_wakes();
    void run_ready();
    void run_due();
    void dispatch(LinkEnd::Arrived& arrived);
    void handle(std::uint64_t delivery);
    void on_reply(std::uint64_t serial, noa_status status, bool with_message);
    [[nodiscard]] bool hold(link::Reader& in, LinkEnd::Arrived& arrived);
    void tell_escaped(std::string_view function);
    void put_settle(std::uint64_t delivery, noa_status status, std::string_view text,
                    std::uint32_t retry_after_ms, bool defect);

    // served_asks.cpp
    [[nodiscard]] const Cause* cause() const noexcept;
    [[nodiscard]] noa_status take_body(const noa_outgoing& message, std::string_view& body,
                                       bus::Buffers::Loan& loan);
    [[nodiscard]] noa_status send_some(const std::function<const noa_outgoing&(std::uint32_t)>& at,
                                       std::uint32_t first, std::uint32_t count,
                                       noa_receipt& ret_part);
    [[nodiscard]] bool close_delivery(std::uint64_t delivery);
    [[nodiscard]] noa_status ask_text(link::Ask how, std::string_view text);
    void flush_unless_busy();

    LinkEnd link_;
    const std::string agent_;
    const noa_context context_;
    std::atomic<bool> over_{false};
    std::uint64_t max_message_ = NOA_BODY_MAX;

    // [lane]
    Phase phase_ = Phase::created;
    bool ended_ = false;
    link::LanePage page_;
    bus::Timers timers_;
    std::shared_ptr<Held> in_hand_;
    noa_message view_{};
    Cause cause_;
    bool in_call_ = false;
    plugin::SavedState incoming_state_;
    std::uint64_t escaped_seen_ = 0;
    std::string state_dir_;
    std::map<std::string, UniqueFd, std::less<>> listening_;
    std::vector<std::unique_ptr<std::string>> taken_states_; // that start has seen
    bool has_arena_ = false;
    BorrowedArena borrowed_arena_{link_};
    plugin::Arena arena_{borrowed_arena_};

    bus::Buffers buffers_;
    std::mutex mutex_;
    // under mutex_
    std::unordered_set<std::uint64_t> open_; // deliveries that are not settled
    std::uint64_t last_request_ = 0;
    std::unordered_map<std::uint64_t, Waiting> requests_;
    std::unordered_map<const noa_message*, std::unique_ptr<Kept>> kept_;
    std::vector<std::uint64_t> wakes_;
    std::map<std::string, noa_address, std::less<>> addresses_;
    std::string name_; // as facts told it

    // Order of destruction: the object, then the library.
    std::optional<plugin::Library> library_;
    std::optional<plugin::LocalInstance> instance_;
    bus::Readiness readiness_; // its thread uses the lane: gone first
};

// The table that the plugin gets; static storage.
[[nodiscard]] const noa_host& served_host() noexcept;
// Whose it is: one per process, the ABI hands a plugin a table and a number.
void set_served_lane(ServedLane* lane) noexcept;

} // namespace noa::runner
