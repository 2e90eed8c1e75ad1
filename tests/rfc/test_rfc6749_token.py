"""RFC 6749, 4.1.3, 4.4 and 6 as decisions, with what attackers try beside each."""

import pytest

from ostiary.model.grant import AuthorizationCode, Grant
from ostiary.model.organization import State
from ostiary.model.session import Session
from ostiary.model.user import UserState
from ostiary.oauth.effects import Consume, Emit, Require, RevokeGrant
from ostiary.oauth.errors import InvalidGrant, InvalidScope, InvalidTarget, UnauthorizedClient
from ostiary.oauth.grants import authorization_code, client_credentials, refresh_token
from ostiary.oauth.issuance import NewFamily, Repetition, Rotation
from ostiary.oauth.membership import Footing
from ostiary.oauth.token import refresh
from ostiary.oauth.token.refresh import RefreshToken
from support.authorization import NAT, ORGANIZATION, WEB, change
from support.jose import NOW
from support.token import VERIFIER, ask, make_code, make_family, make_grant, stand

REDEMPTION = {"redirect_uri": "https://app.test/cb", "code_verifier": VERIFIER}
SVC = change(
    WEB,
    client_id="svc",
    grant_types=("client_credentials",),
    allowed_scopes=("openid", "orders.read", "orders.write"),
    redirect_uris=(),
)


def redeem(found, organization=ORGANIZATION, client=WEB, now=NOW, **parameters):
    request = ask(client, now, **(REDEMPTION | parameters))
    return authorization_code.decide(request, (found, Footing(home=organization)))


def refuse(found, organization=ORGANIZATION, **parameters):
    with pytest.raises(InvalidGrant) as refusal:
        redeem(found, organization, **parameters)
    return refusal.value


def revocations(error):
    return [effect for effect in error.effects if isinstance(effect, RevokeGrant)]


class TestCode:
    def test_4_1_3_a_good_code_is_consumed_and_its_grant_and_session_must_hold(self):
        issuance = redeem(make_code(stand(make_grant(offline=False))))

        assert issuance.effects == (
            Consume(AuthorizationCode, b"c" * 32, NOW),
            Require(Grant, "grant"),
            Require(Session, "session-alice"),
        )
        assert issuance.subject == "alice"
        assert issuance.id_token
        assert issuance.nonce == "n-0S6_WzA2Mj"

    def test_the_session_need_not_hold_for_offline_access(self):
        issuance = redeem(make_code())

        assert Require(Session, "session-alice") not in issuance.effects
        assert issuance.refresh == NewFamily()

    def test_unknown(self):
        with pytest.raises(InvalidGrant):
            authorization_code.decide(ask(code="x"), None)

    def test_4_1_3_a_code_of_another_client_is_refused_and_stays_whole(self):
        error = refuse(make_code(client_id="evil"))

        assert error.rule == "code-client"
        assert not revocations(error)
        assert [type(effect) for effect in error.effects] == [Emit]

    @pytest.mark.parametrize(
        "uri", ["https://app.test/cb/", "https://APP.test/cb", "https://app.test/cb?x=1", ""]
    )
    def test_4_1_3_the_redirect_uri_must_be_the_same(self, uri):
        error = refuse(make_code(), redirect_uri=uri)

        assert error.rule == "code-redirect-uri"
        assert error.expected == "https://app.test/cb"

    def test_4_1_3_a_redirect_uri_that_was_not_sent_need_not_be_sent(self):
        redeem(make_code(redirect_uri_sent=False), redirect_uri="")
        redeem(make_code(redirect_uri_sent=False))

        assert refuse(make_code(redirect_uri_sent=False), redirect_uri="https://app.test/x")

    def test_4_1_2_a_used_code_ends_what_it_gave(self):
        error = refuse(make_code(consumed_at=NOW - 5))

        assert error.rule == "code-replayed"
        assert revocations(error) == [RevokeGrant("grant", "code_replayed", NOW)]

    @pytest.mark.parametrize(
        "wrong", [{"code_verifier": "w" * 43}, {"code_verifier": ""}, {"redirect_uri": "https://x"}]
    )
    def test_co_11_an_invalid_replay_ends_nothing(self, wrong):
        assert not revocations(refuse(make_code(consumed_at=NOW - 5), **wrong))

    def test_co_11_a_replay_by_another_client_ends_nothing(self):
        assert not revocations(refuse(make_code(consumed_at=NOW - 5, client_id="evil")))

    def test_4_1_2_an_expired_code(self):
        redeem(make_code(), now=NOW + 59)

        assert refuse(make_code(), now=NOW + 60).rule == "code-expired"

    @pytest.mark.parametrize(
        ("standing", "organization", "reason"),
        [
            (stand(make_grant(revoked_at=NOW)), ORGANIZATION, "grant_revoked"),
            (stand(make_grant(expires_at=NOW)), ORGANIZATION, "grant_expired"),
            (stand(state=UserState.LOCKED), ORGANIZATION, "user_locked"),
            (stand(state=UserState.DEACTIVATED), ORGANIZATION, "user_deactivated"),
            (stand(state=UserState.DELETED), ORGANIZATION, "user_deleted"),
            (stand(credentials_changed_at=NOW + 1), ORGANIZATION, "credentials_changed"),
            (stand(), change(ORGANIZATION, state=State.INACTIVE), "organization_inactive"),
            (stand(), None, "organization_inactive"),
        ],
    )
    def test_co_08_what_was_ended_meanwhile_ends_the_code(self, standing, organization, reason):
        error = refuse(make_code(standing), organization)

        assert error.detail == reason
        assert reason not in error.description

    def test_co_08_a_session_that_was_ended_ends_its_codes(self):
        standing = stand(make_grant(offline=False))
        ended = change(standing, session=change(standing.session, revoked_at=NOW))

        assert refuse(make_code(ended)).detail == "session_revoked"

    def test_no_refresh_token_for_a_client_without_the_grant(self):
        client = change(WEB, grant_types=("authorization_code",))

        assert redeem(make_code(), client=client).refresh is None

    def test_no_refresh_token_without_offline_access_unless_the_application_says_so(self):
        plain = make_code(stand(make_grant(scopes=("openid",), offline=False)))

        assert redeem(plain).refresh is None
        assert redeem(plain, client=change(WEB, refresh_token_always=True)).refresh == NewFamily()

    def test_rfc8707_2_2_the_audience_can_be_narrowed_but_not_changed(self):
        assert redeem(make_code(), resource="https://orders.test").audience == (
            "https://orders.test",
            "https://id.test",
        )
        with pytest.raises(InvalidTarget):
            redeem(make_code(), resource="https://bills.test")


def present(found, generation=0, client=WEB, now=NOW, organization=ORGANIZATION, **parameters):
    request = ask(client, now, **parameters)
    key = request.ring.mac_key("refresh", found.family.key_version)
    token = refresh.read(refresh.write(key, found.family.id, generation))
    return refresh_token.decide(request, (token, found, Footing(home=organization)))


def refuse_refresh(found, **parameters):
    with pytest.raises(InvalidGrant) as refusal:
        present(found, **parameters)
    return refusal.value


class TestRefresh:
    def test_6_the_current_token_moves_the_family_on(self):
        found = make_family()

        assert present(found).refresh == Rotation(found.family)

    def test_r_3_the_one_before_gets_the_same_successor_within_the_window(self):
        found = make_family(generation=3, rotated_at=NOW)

        assert present(found, 2, now=NOW + 10).refresh == Repetition(found.family)

    def test_rt_01_the_one_before_ends_the_grant_after_the_window(self):
        error = refuse_refresh(make_family(generation=3), generation=2, now=NOW + 11)

        assert revocations(error) == [RevokeGrant("grant", "refresh_reuse", NOW + 11)]
        assert [e.event.type for e in error.effects if isinstance(e, Emit)] == [
            "token.reuse_detected"
        ]

    def test_rt_01_an_older_one_ends_the_grant_at_once(self):
        assert revocations(refuse_refresh(make_family(generation=3), generation=1))

    def test_r_3_a_request_that_was_overtaken_gets_the_same_successor(self):
        found = make_family(generation=3, rotated_at=NOW)

        assert present(found, 2, now=NOW - 1).refresh == Repetition(found.family)

    def test_a_clock_that_went_back_opens_no_window(self):
        found = make_family(generation=3, rotated_at=NOW)

        assert revocations(refuse_refresh(found, generation=2, now=NOW - 11))

    def test_rt_06_a_forged_token_ends_nothing(self):
        found = make_family()
        forged = RefreshToken(found.family.id, 0, b"x" * 16)

        with pytest.raises(InvalidGrant) as refusal:
            refresh_token.decide(ask(), (forged, found, Footing(home=ORGANIZATION)))
        assert not refusal.value.effects

    def test_rt_06_truncated_and_changed_tokens_are_no_tokens(self):
        text = refresh.write(b"k" * 32, b"f" * 16, 7)

        assert refresh.read(text) is not None
        for wrong in (text[:16], text[:-1], text + "A", text.swapcase(), "", "ost_rt_"):
            assert refresh.read(wrong) is None

    def test_rt_04_in_the_hands_of_another_client_it_ends_the_grant(self):
        error = refuse_refresh(make_family(client_id="evil"))

        assert revocations(error)

    @pytest.mark.parametrize(
        ("standing", "organization", "reason"),
        [
            (stand(make_grant(revoked_at=NOW)), ORGANIZATION, "grant_revoked"),
            (stand(state=UserState.LOCKED), ORGANIZATION, "user_locked"),
            (stand(credentials_changed_at=NOW + 1), ORGANIZATION, "credentials_changed"),
            (stand(), change(ORGANIZATION, state=State.INACTIVE), "organization_inactive"),
        ],
    )
    def test_rt_07_what_was_ended_ends_the_family(self, standing, organization, reason):
        error = refuse_refresh(make_family(standing), organization=organization)

        assert error.detail == reason

    def test_rt_07_logout_ends_a_family_that_is_not_offline(self):
        standing = stand(make_grant(offline=False))
        ended = change(standing, session=change(standing.session, revoked_at=NOW))

        assert refuse_refresh(make_family(ended)).detail == "session_revoked"

    def test_rt_07_a_scope_taken_from_the_client_ends_the_family(self):
        client = change(WEB, allowed_scopes=("openid",))

        assert refuse_refresh(make_family(), client=client).detail == "scope_withdrawn"

    @pytest.mark.parametrize("field", ["idle_expires_at", "expires_at"])
    def test_idle_and_absolute_end(self, field):
        present(make_family(**{field: NOW + 1}))

        assert refuse_refresh(make_family(**{field: NOW})).detail == "refresh_expired"

    def test_6_the_scope_can_be_narrowed_for_one_access_token(self):
        issuance = present(make_family(), scope="orders.read")

        assert issuance.scopes == ("orders.read",)
        assert not issuance.id_token

    def test_rt_05_the_scope_cannot_be_widened(self):
        with pytest.raises(InvalidScope):
            present(make_family(), scope="openid orders.write")

    def test_6_scopes_that_do_not_exist_are_ignored_as_in_the_authorization_request(self):
        assert present(make_family(), scope="openid groups").scopes == ("openid",)

        with pytest.raises(InvalidScope):
            present(make_family(), scope="groups")

    def test_rt_05_nor_the_audience(self):
        with pytest.raises(InvalidTarget):
            present(make_family(), resource="https://bills.test")


class TestClientCredentials:
    def test_4_4_all_allowed_resource_scopes_by_default(self):
        issuance = client_credentials.decide(ask(SVC), None)

        assert issuance.scopes == ("orders.read", "orders.write")
        assert issuance.audience == ("https://orders.test",)
        assert issuance.subject == "svc"

    def test_4_4_3_no_refresh_token_and_no_id_token(self):
        issuance = client_credentials.decide(ask(SVC), None)

        assert issuance.refresh is None
        assert not issuance.id_token

    @pytest.mark.parametrize("scope", ["openid", "offline_access", "bills.read", "nonsense"])
    def test_tx_10_identity_scopes_and_foreign_scopes_are_refused(self, scope):
        with pytest.raises(InvalidScope) as refusal:
            client_credentials.decide(ask(SVC, scope=scope), None)
        assert refusal.value.expected == "orders.read orders.write"

    def test_4_4_a_public_client_has_no_credentials(self):
        with pytest.raises(UnauthorizedClient):
            client_credentials.decide(ask(NAT), None)

    def test_a_client_without_scopes_gets_a_token_for_the_issuer(self):
        issuance = client_credentials.decide(ask(change(SVC, allowed_scopes=())), None)

        assert issuance.scopes == ()
        assert issuance.audience == ("https://id.test",)
