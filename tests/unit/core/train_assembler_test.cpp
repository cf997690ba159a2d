#include "netft/core/train_assembler.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <numeric>
#include <vector>

#include "netft/base/random.hpp"

namespace netft::core {
namespace {

struct Train {
    std::vector<std::uint8_t> bytes;
    std::uint64_t id = 0;
    std::size_t stride = 0;

    std::uint16_t count() const {
        return static_cast<std::uint16_t>((bytes.size() + stride - 1) / stride);
    }
    TrainAssembler::Piece piece(std::uint16_t index) const {
        std::size_t at = index * stride;
        return {PeerId(1),
                SessionIndex(1),
                0,
                id,
                {index, count()},
                Bytes(bytes).subspan(at, std::min(stride, bytes.size() - at))};
    }
};

Train make_train(std::uint64_t id, std::size_t length, std::size_t stride) {
    Train train{std::vector<std::uint8_t>(length), id, stride};
    for (std::size_t i = 0; i < length; ++i)
        train.bytes[i] = static_cast<std::uint8_t>(i * 31 + id);
    return train;
}

struct Fixture {
    TrainAssembler assembler{1};
    DropCounters drops;
    TimePoint now{1h};
};

BOOST_FIXTURE_TEST_SUITE(train_assembler, Fixture)

BOOST_AUTO_TEST_CASE(gives_back_what_went_in_for_every_length_and_order) {
    Random random(1);
    std::uint64_t id = 1;
    for (std::size_t length : {1, 50, 100, 101, 199, 200, 201, 1000, 64'000}) {
        for (std::size_t stride : {100, 1436, 8000}) {
            if ((length + stride - 1) / stride > kTrainDatagramsMax) continue;
            for (int shuffle = 0; shuffle < 5; ++shuffle) {
                Train train = make_train(id += 1000, length, stride);
                std::vector<std::uint16_t> order(train.count());
                std::iota(order.begin(), order.end(), std::uint16_t{0});
                for (std::size_t i = order.size(); i > 1 && shuffle > 0; --i)
                    std::swap(order[i - 1], order[random.below(i)]);
                for (std::size_t i = 0; i < order.size(); ++i) {
                    Bytes out = assembler.handle_piece(now, train.piece(order[i]), drops);
                    BOOST_REQUIRE(out.empty() == (i + 1 < order.size()));
                    if (!out.empty())
                        BOOST_REQUIRE(std::equal(out.begin(), out.end(), train.bytes.begin(),
                                                 train.bytes.end()));
                }
            }
        }
    }
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(keeps_interleaved_trains_apart) {
    Train a = make_train(100, 500, 100);
    Train b = make_train(200, 500, 100);
    for (std::uint16_t i = 0; i < 4; ++i) {
        BOOST_TEST(assembler.handle_piece(now, a.piece(i), drops).empty());
        BOOST_TEST(assembler.handle_piece(now, b.piece(i), drops).empty());
    }
    BOOST_TEST(assembler.handle_piece(now, b.piece(4), drops).size() == 500u);
    BOOST_TEST(assembler.handle_piece(now, a.piece(4), drops).size() == 500u);
}

// A peer that restarted counts from the beginning again: the same numbers, other bytes.
BOOST_AUTO_TEST_CASE(keeps_trains_of_two_lives_of_a_peer_apart) {
    Train before = make_train(100, 500, 100);
    Train after = before;
    for (std::uint8_t& byte : after.bytes) byte = static_cast<std::uint8_t>(~byte);
    auto of_new_life = [&after](std::uint16_t index) {
        auto piece = after.piece(index);
        piece.session = SessionIndex(2);
        return piece;
    };
    for (std::uint16_t i : {0, 1}) (void)assembler.handle_piece(now, before.piece(i), drops);
    for (std::uint16_t i : {4, 3, 2})
        BOOST_TEST(assembler.handle_piece(now, of_new_life(i), drops).empty());
    BOOST_TEST(assembler.handle_piece(now, of_new_life(1), drops).empty());
    Bytes out = assembler.handle_piece(now, of_new_life(0), drops);
    BOOST_TEST(std::equal(out.begin(), out.end(), after.bytes.begin(), after.bytes.end()));
}

BOOST_AUTO_TEST_CASE(counts_contradictions_and_stays_sound) {
    Train a = make_train(100, 500, 100);
    (void)assembler.handle_piece(now, a.piece(0), drops);
    auto other_count = a.piece(1);
    other_count.train.count = 9;
    (void)assembler.handle_piece(now, other_count, drops);
    auto other_stride = a.piece(1);
    other_stride.body = other_stride.body.first(99);
    (void)assembler.handle_piece(now, other_stride, drops);
    auto long_last = a.piece(4);
    std::vector<std::uint8_t> too_long(101);
    long_last.body = too_long;
    (void)assembler.handle_piece(now, long_last, drops);
    BOOST_TEST(drops.of(DropReason::train_malformed) == 3u);
    (void)assembler.handle_piece(now, a.piece(0), drops);
    BOOST_TEST(drops.of(DropReason::rx_duplicate) == 1u);
    for (std::uint16_t i = 1; i < 4; ++i) (void)assembler.handle_piece(now, a.piece(i), drops);
    BOOST_TEST(assembler.handle_piece(now, a.piece(4), drops).size() == 500u);
}

BOOST_AUTO_TEST_CASE(refuses_a_train_longer_than_a_frame) {
    std::vector<std::uint8_t> body(9000);
    (void)assembler.handle_piece(now, {PeerId(1), SessionIndex(1), 0, 7, {0, 100}, body}, drops);
    BOOST_TEST(drops.of(DropReason::train_too_long) == 1u);
    std::vector<std::uint8_t> half(kTrainBytesMax);
    (void)assembler.handle_piece(now, {PeerId(1), SessionIndex(1), 0, 8, {0, 2}, half}, drops);
    BOOST_TEST(assembler.handle_piece(now, {PeerId(1), SessionIndex(1), 0, 8, {1, 2}, half}, drops)
                   .empty());
    BOOST_TEST(drops.of(DropReason::train_too_long) == 2u);
}

BOOST_AUTO_TEST_CASE(gives_up_what_stays_incomplete) {
    Train a = make_train(100, 500, 100);
    (void)assembler.handle_piece(now, a.piece(0), drops);
    BOOST_TEST((assembler.next_deadline() == now + TrainAssembler::kTrainAge));
    assembler.handle_timers(now + TrainAssembler::kTrainAge, drops);
    BOOST_TEST(drops.of(DropReason::train_incomplete) == 1u);
    BOOST_TEST(!assembler.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(bounds_the_trains_it_holds) {
    for (std::uint64_t id = 0; id < TrainAssembler::kTrainsMax + 10; ++id)
        (void)assembler.handle_piece(now + Duration(id), make_train(id * 100, 500, 100).piece(0),
                                     drops);
    BOOST_TEST(drops.of(DropReason::train_incomplete) == 10u);
}

TrainAssembler::Piece of_peer(std::uint16_t peer, TrainAssembler::Piece piece) {
    piece.peer = PeerId(peer);
    piece.session = SessionIndex(peer);
    return piece;
}

BOOST_AUTO_TEST_CASE(nobodys_trains_push_out_those_of_others) {
    std::vector<Train> honest;
    for (std::uint64_t id = 0; id < 100; ++id) honest.push_back(make_train(id * 100, 500, 100));
    for (const Train& train : honest)
        (void)assembler.handle_piece(now, of_peer(1, train.piece(0)), drops);
    Train flood = make_train(0, 500, 100);
    for (; flood.id < 30'000; ++flood.id)
        (void)assembler.handle_piece(now, of_peer(2, flood.piece(3)), drops);
    for (const Train& train : honest)
        for (std::uint16_t i = 1; i < 5; ++i)
            BOOST_TEST(assembler.handle_piece(now, of_peer(1, train.piece(i)), drops).empty() ==
                       (i < 4));
    BOOST_TEST(drops.of(DropReason::train_incomplete) == 30'100 - TrainAssembler::kTrainsMax);
}

BOOST_AUTO_TEST_CASE(nobodys_long_pieces_push_out_those_of_others) {
    Train honest = make_train(1, 500, 100);
    (void)assembler.handle_piece(now, of_peer(1, honest.piece(0)), drops);
    Train flood = make_train(0, 64'000, 32'000);  // 16 cells a piece
    for (; flood.id < 3'000; ++flood.id)
        (void)assembler.handle_piece(now, of_peer(2, flood.piece(0)), drops);
    for (std::uint16_t i = 1; i < 4; ++i)
        (void)assembler.handle_piece(now, of_peer(1, honest.piece(i)), drops);
    BOOST_TEST(assembler.handle_piece(now, of_peer(1, honest.piece(4)), drops).size() == 500u);
}

// Such as a hash by one known factor, taken backwards, gives away.
BOOST_AUTO_TEST_CASE(chosen_numbers_do_not_fall_into_one_place) {
    constexpr std::uint64_t kInverse = 0xf1de83e19937733d;  // of 0x9e3779b97f4a7c15
    static_assert(kInverse * 0x9e3779b97f4a7c15 == 1);
    for (std::uint64_t secret : {1u, 2u, 3u}) {
        TrainHash hash(secret);
        std::vector<int> known(8'192);
        std::vector<int> places(8'192);
        for (std::uint64_t i = 0; i < 8'192; ++i) {
            std::uint64_t id = (i << 45 | i) * kInverse;
            ++known[(id * 0x9e3779b97f4a7c15 >> 32) % known.size()];
            ++places[hash.of(SessionIndex(7), 0, id) >> 51];
        }
        BOOST_TEST(*std::max_element(known.begin(), known.end()) == 8'192);
        BOOST_TEST(*std::max_element(places.begin(), places.end()) < 12);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
