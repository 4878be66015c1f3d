import pytest

from drtemplate.cloudformation.document import load_template
from drtemplate.deploying.stack_name import check_stack_name
from drtemplate.errors import DeployError
from drtemplate.pipeline import default_output

TEMPLATE = load_template(default_output("yaml"))
# The name -> what the message must name: the resource that could not live with it, or the form.
BAD = {
    "a" * 21: "PrimaryALB: the LoadBalancer's name",
    "x" * 33: "of at most 32",
    "Payments-DR": "Bucket: the Bucket's name",
    "payments_dr": "LoadBalancer's name",
    "payments.dr": "LoadBalancer's name",
    "payments dr": "LoadBalancer's name",
    "aws-payments": "begin with /aws, which is reserved",
    "awsome": "begin with /aws, which is reserved",
    "ssm-payments": "begin with /ssm, which is reserved",
    "internal-pay": "begin with internal-, which is reserved",
    "internal": "internal-primary-alb would begin with internal-",
    "xn--pay": "begin with xn--, which is reserved",
    "sthree-pay": "begin with sthree-, which is reserved",
    "1pay": "first one that is no letter",
    "-pay": "LoadBalancer's name",
    "": "LoadBalancer's name",
    "pay\n": "LoadBalancer's name",
    "zahlungen-für": "LoadBalancer's name",
}
GOOD = ["payments-dr", "p", "a" * 20, "pay-", "pay--dr", "internals", "aw", "x-1", "dr2"]


@pytest.mark.parametrize(("name", "words"), BAD.items())
def test_a_name_that_the_template_cannot_live_with_is_refused(name, words):
    with pytest.raises(DeployError) as caught:
        check_stack_name(TEMPLATE, name)
    assert words in str(caught.value)
    assert "at most 20" in str(caught.value)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_name_passes(name):
    check_stack_name(TEMPLATE, name)


def test_the_reason_comes_from_the_template():
    """A template without such names still holds a stack to the project's promise."""
    bare = {"Resources": {"VPC": {"Type": "AWS::EC2::VPC"}}}
    check_stack_name(bare, "awsome")
    with pytest.raises(DeployError, match="21 characters"):
        check_stack_name(bare, "a" * 21)
    with pytest.raises(DeployError, match="other characters"):
        check_stack_name(bare, "Payments")
