#include "netft/dataplane/send_error.hpp"

#include <errno.h>

#include <array>
#include <boost/test/unit_test.hpp>

#include "netft/daemon/segmentation_backoff.hpp"

namespace netft::dataplane {
namespace {

BOOST_AUTO_TEST_SUITE(send_error)

struct Row {
    int error;
    DropReason reason;
    bool of_segmentation = false;
    bool of_another = false;
};

// What sendmsg(2), udp(7), ip(7) and the kernel's ICMP tables can give.
constexpr std::array kRows{
    Row{EIO, DropReason::tx_error, true},
    Row{EINVAL, DropReason::tx_error, true},
    Row{EMSGSIZE, DropReason::tx_too_big, true, true},
    Row{EOPNOTSUPP, DropReason::tx_error, true, true},
    Row{ENOPROTOOPT, DropReason::tx_error, true, true},
    Row{EPROTONOSUPPORT, DropReason::tx_error, true},
    Row{EPERM, DropReason::tx_forbidden},
    Row{EACCES, DropReason::tx_forbidden, false, true},
    Row{ENOBUFS, DropReason::tx_refused},
    Row{ENOMEM, DropReason::tx_refused},
    Row{EAGAIN, DropReason::tx_refused},
    Row{EINTR, DropReason::tx_refused, false, true},
    Row{ECONNREFUSED, DropReason::tx_unreachable, false, true},
    Row{EHOSTUNREACH, DropReason::tx_unreachable, false, true},
    Row{ENETUNREACH, DropReason::tx_unreachable, false, true},
    Row{EHOSTDOWN, DropReason::tx_unreachable, false, true},
    Row{ENETDOWN, DropReason::tx_unreachable},
    Row{EADDRNOTAVAIL, DropReason::tx_unreachable},
    Row{ENODEV, DropReason::tx_unreachable},
    Row{ENXIO, DropReason::tx_unreachable},
    Row{ENONET, DropReason::tx_error, false, true},
    Row{EPROTO, DropReason::tx_error, false, true},
    Row{EBADF, DropReason::tx_error},
    Row{ENOTSOCK, DropReason::tx_error},
    Row{EPIPE, DropReason::tx_error},
    Row{EFAULT, DropReason::tx_error},
    Row{EDESTADDRREQ, DropReason::tx_error},
    Row{EAFNOSUPPORT, DropReason::tx_error},
};

BOOST_AUTO_TEST_CASE(each_errno_has_a_counter_and_a_meaning) {
    for (const Row& row : kRows) {
        BOOST_TEST_CONTEXT("errno " << row.error) {
            BOOST_TEST((drop_reason_of(row.error) == row.reason));
            BOOST_TEST(may_be_of_segmentation(row.error) == row.of_segmentation);
            BOOST_TEST(may_be_of_another(row.error) == row.of_another);
            BOOST_TEST(is_refusal_here(row.error) == (row.reason == DropReason::tx_forbidden));
        }
    }
}

BOOST_AUTO_TEST_CASE(failed_segmentation_is_said_once_and_tried_ever_more_rarely) {
    daemon::SegmentationBackoff backoff;
    TimePoint now{1h};
    BOOST_TEST(!backoff.handle(now, false).is_news);
    BOOST_TEST(backoff.handle(now, true).is_news);
    BOOST_TEST(!backoff.handle(now + 59s, true).tries);
    BOOST_TEST(backoff.handle(now + 60s, true).tries);
    auto again = backoff.handle(now + 61s, true);
    BOOST_TEST(!again.is_news);
    BOOST_TEST(!again.tries);
    BOOST_TEST(!backoff.handle(now + 180s, true).tries);
    BOOST_TEST(backoff.handle(now + 181s, true).tries);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane
