"""A persona, an SOP and a dynamic profile for tests, all as small as their schemas allow."""

from __future__ import annotations

from typing import Any

from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.schema.sop import Sop
from envs.usersim.schema.static_profile import StaticProfile

MINIMAL: dict[str, Any] = {
    "schema": "dynamic_profile/v1",
    "persona_id": "p-0007",
    "sop_id": "sales.saas.03",
    "turn": 0,
    "scenario_memory": [
        {
            "mid": "s1",
            "text": "Two years ago a supplier promised a three-minute setup and it took a week.",
            "about": "onboarding",
            "valence": -2,
            "source": "generated",
        },
        {
            "mid": "s2",
            "text": "I was just about to hand out the afternoon shifts.",
            "about": "situation",
            "valence": -1,
            "source": "generated",
        },
    ],
    "target_list": [
        {
            "id": "P1",
            "tier": "primary",
            "text": "what it really costs after the trial",
            "status": "open",
            "importance": 5,
            "resolution_test": "a total amount and the renewal rule are stated",
        },
        {
            "id": "P2",
            "tier": "primary",
            "text": "can my least technical colleague use it",
            "status": "open",
            "importance": 4,
            "resolution_test": "a concrete demo or training step is offered",
        },
        {
            "id": "L1",
            "tier": "latent",
            "text": "does not want to look fooled in front of the owner",
            "status": "latent",
            "importance": 3,
            "resolution_test": "a reference or exit option is offered",
        },
    ],
    "decision_policy": {
        "touched": [],
        "core_issue": "P1",
        "topic_plan": "cost before features",
        "next_move": "ask_clarify",
        "end_ok": False,
    },
    "state": {"trust": 4, "emotion": 4, "patience": 5, "participation": 5},
    "utilities": {
        "u_reserve": 0.45,
        "u_batna": 0.35,
        "beta": 0.8,
        "weights": {"price": 0.5, "exit": 0.3, "training": 0.2},
    },
    "ledgers": {"claims": [], "disclosures": [], "commitments": [], "traps": []},
    "clock": {"ticks": 0, "interrupt_at": [4]},
}
"""The minimal instance of section 5.1."""

PERSONA: dict[str, Any] = {
    "schema": "static_profile/v1",
    "persona_id": "p-0007",
    "locale": "en-US",
    "languages": [{"code": "en", "level": 5}],
    "background": {
        "name": "Ines",
        "age": 41,
        "gender": "female",
        "region": "Midwest",
        "education": "vocational",
        "occupation": "shift manager of a bakery",
        "income_band": "middle",
        "household": "two adults, one child",
        "digital_literacy": 2,
        "domain_knowledge": {"sales_marketing": 2},
        "housing": "rented flat",
    },
    "personality": {"big5": {"O": 0.4, "C": 0.7, "E": 0.5, "A": 0.5, "N": 0.6}, "mbti": "ESTJ"},
    "needs": ["order"],
    "values": ["honest"],
    "interests": ["baking"],
    "expression": {
        "speech_rate": 4,
        "verbosity_units": 20,
        "patience_trait": 3,
        "formality": 2,
        "directness": 4,
        "filler_rate": 0.05,
        "phrases": ["hang on", "so what's the total", "right"],
    },
    "life_scenarios": [
        {"what": "a delivery arrives", "when": "afternoon", "mood_effect": -1, "interrupts": True},
        {"what": "a quiet hour", "when": "morning", "mood_effect": 1},
    ],
    "economic": {"price_sensitivity": 0.8, "risk_aversion": 0.6, "saving_habit": 0.5, "deal_proneness": 0.3},
    "negotiation": {"style": "competing", "beta": 0.8, "suspicion": 0.5, "scam_experience": 1},
    "susceptibility": {"T01": 0.3},
    "hard_facts": [{"key": f"fact{n}", "value": f"value {n}", "sensitivity": n % 4} for n in range(6)],
    "provenance": {"source": "written for tests", "licence": "Apache-2.0"},
}

SOP: dict[str, Any] = {
    "schema": "sop/v1",
    "sop_id": "sales.saas.03",
    "family": "sales.saas",
    "domain": "sales_marketing",
    "subscenario": "software trial",
    "locale": "en-US",
    "initiator": "agent",
    "channel": "voice",
    "agent": {"role": "sales caller", "organisation": "Northbeam", "objective": "turn the trial into a yearly plan"},
    "process": {
        "steps": [
            {"sid": "S1", "intent": "greet_identify", "text": "This is Northbeam, about your rota trial."},
            {"sid": "S2", "intent": "inform", "text": "The plan is 540 a year in total.", "fact_ids": ["F1"]},
            {"sid": "S3", "intent": "request_commitment", "text": "Shall I set up the plan?", "ask_ids": ["A1"]},
        ],
        "opening": "This is Northbeam, about your rota trial.",
        "closing": "Thank you, goodbye.",
        "max_turns": 10,
    },
    "knowledge": {"faq": [{"q": "How do I leave?", "a": "With 30 days' notice.", "fact_ids": ["F2"]}]},
    "facts": [
        {
            "fid": "F1",
            "text": "The plan costs 540 a year in total and renews yearly.",
            "truth": "true",
            "visibility": "public",
            "evidence": "document",
            "negotiable": True,
        },
        {
            "fid": "F2",
            "text": "Leaving takes 30 days' notice.",
            "truth": "true",
            "visibility": "public",
            "evidence": "document",
        },
        {
            "fid": "F3",
            "text": "The price goes up at six tonight.",
            "truth": "false",
            "visibility": "agent_only",
            "evidence": "none",
        },
        {
            "fid": "F4",
            "text": "Colleagues get a training hour.",
            "truth": "true",
            "visibility": "public",
            "evidence": "system_record",
        },
        {
            "fid": "F5",
            "text": "The bakery has eleven employees.",
            "truth": "true",
            "visibility": "user_only",
            "evidence": "none",
        },
    ],
    "offer": {
        "issues": [
            {
                "name": "price",
                "type": "money",
                "unit": "USD per year",
                "agent_min": 420,
                "agent_max": 660,
                "user_ideal": 400,
                "user_reserve": 560,
                "weight": 0.7,
            },
            {
                "name": "notice",
                "type": "duration",
                "unit": "days",
                "agent_min": 0,
                "agent_max": 90,
                "user_ideal": 0,
                "user_reserve": 60,
                "weight": 0.3,
            },
        ],
        "zopa": True,
    },
    "asks": [
        {"ask_id": "A1", "payload": "BUY", "legitimate_if": [["evidence:F1"]]},
        {"ask_id": "A2", "payload": "PII", "slot": "bank_account", "legitimate_if": []},
    ],
    "user_stakes": {
        "concerns": [
            {
                "tier": "primary",
                "text": "what it really costs after the trial",
                "importance": 5,
                "resolution_test": "a total amount and the renewal rule are stated",
                "resolved_by": ["F1"],
            },
            {
                "tier": "primary",
                "text": "can my least technical colleague use it",
                "importance": 4,
                "resolution_test": "a concrete demo or training step is offered",
                "resolved_by": ["F4"],
            },
        ],
        "batna": {"text": "keep the paper rota", "utility": 0.35},
    },
    "constraints": {
        "sensitive_slots": [{"slot": "bank_account", "level": 3}, {"slot": "email", "level": 1, "allowed_after": "F1"}]
    },
    "ends": {
        "success": [{"predicate": "agreed_next_step", "text": "The plan is ordered."}],
        "failure": [{"predicate": "refused", "text": "The user wants no plan."}],
    },
    "traps_allowed": [{"trap": "T01", "payloads": ["BUY"]}, {"trap": "T04", "payloads": ["PII"]}],
    "provenance": {"source": "written for tests", "licence": "Apache-2.0"},
}


def persona(**changes: Any) -> StaticProfile:
    return StaticProfile.load({**PERSONA, **changes})


def sop(**changes: Any) -> Sop:
    return Sop.load({**SOP, **changes})


def profile(**changes: Any) -> DynamicProfile:
    return DynamicProfile.load({**MINIMAL, **changes})
