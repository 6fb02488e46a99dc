"""stub"""


class PatternParser:
    def __init__(self, language):
        self.language = language

    def parse(self, text):
        from ttm_model.questions.question import Refusal

        return Refusal("NOT_UNDERSTOOD")

    def follow_up(self, text, earlier):
        return None
