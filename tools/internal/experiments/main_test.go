package experiments

import (
	"testing"

	"github.com/ioflavors/ioflavors/tools/internal/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m, nil) }
